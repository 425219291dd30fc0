#include "collectors/log/evtx/protocol.h"

#include <gtest/gtest.h>

namespace tocsin::collectors {
namespace {

using State = EvtxFrameReader::State;

std::string answer() {
  return encode_evtx_frame({EvtxFrameKind::record, EvtxOrigin::listed, 7, "<Event/>"}) +
         encode_evtx_frame({EvtxFrameKind::broken, EvtxOrigin::carved, 1, "why"}) + encode_evtx_frame({});
}

TEST(EvtxProtocol, frames_arrive_in_any_pieces) {
  const auto bytes = answer();
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    EvtxFrameReader reader;
    std::vector<EvtxFrame> frames;
    State state = State::more;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      state = reader.feed(as_bytes(std::string_view(bytes).substr(at, piece)), frames);
    ASSERT_EQ(state, State::done) << piece;
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].record, 7U);
    EXPECT_EQ(frames[0].body, "<Event/>");
    EXPECT_EQ(frames[1].kind, EvtxFrameKind::broken);
    EXPECT_EQ(frames[1].origin, EvtxOrigin::carved);
  }
}

TEST(EvtxProtocol, nonsense_is_told_at_once_and_for_good) {
  const auto judge = [](std::string_view bytes) {
    EvtxFrameReader reader;
    std::vector<EvtxFrame> frames;
    const auto state = reader.feed(as_bytes(bytes), frames);
    if (state == State::broken) {
      EXPECT_EQ(reader.feed(as_bytes(answer()), frames), State::broken);
    }
    return state;
  };
  EXPECT_EQ(judge("nonsense, nonsense"), State::broken);
  EXPECT_EQ(judge(std::string(evtx_frame_header, '\0')), State::broken);
  EXPECT_EQ(judge(answer() + "more"), State::broken);
  EXPECT_EQ(judge(answer() + answer()), State::broken);
  EXPECT_EQ(judge(answer().substr(0, 20)), State::more);
  auto odd_origin = answer();
  odd_origin[1] = 9;
  EXPECT_EQ(judge(odd_origin), State::broken);
  auto too_long = answer();
  too_long[7] = 0x7F;
  EXPECT_EQ(judge(too_long), State::broken);
}

TEST(EvtxProtocol, numbers_and_bytes_of_an_answer_are_capped) {
  EvtxFrameReader reader;
  std::vector<EvtxFrame> frames;
  const auto frame = encode_evtx_frame({EvtxFrameKind::record, EvtxOrigin::listed, 1, ""});
  for (std::size_t i = 0; i < evtx_frames_most; ++i) ASSERT_EQ(reader.feed(as_bytes(frame), frames), State::more);
  EXPECT_EQ(reader.feed(as_bytes(frame), frames), State::broken);

  EvtxFrameReader second;
  const auto large =
      encode_evtx_frame({EvtxFrameKind::record, EvtxOrigin::listed, 1, std::string(evtx_record_most, 'x')});
  auto state = State::more;
  std::size_t taken = 0;
  for (; state == State::more && taken < 100; ++taken) {
    frames.clear();
    state = second.feed(as_bytes(large), frames);
  }
  EXPECT_EQ(state, State::broken);
  EXPECT_EQ(taken, evtx_answer_most / evtx_record_most + 1);
}

TEST(EvtxProtocol, a_request_says_what_it_holds) {
  const std::vector<std::uint8_t> chunk(100, 5);
  const auto request = encode_evtx_request(chunk);
  ASSERT_EQ(request.size(), evtx_request_header + 100);
  EXPECT_EQ(evtx_request_size(as_bytes(request).first(evtx_request_header)), 100U);
  EXPECT_FALSE(evtx_request_size(as_bytes(request).first(evtx_request_header - 1)));
  auto other = request;
  other[0] = 'x';
  EXPECT_FALSE(evtx_request_size(as_bytes(other).first(evtx_request_header)));
  other = request;
  other[6] = 2;  // 128 KiB and more
  EXPECT_FALSE(evtx_request_size(as_bytes(other).first(evtx_request_header)));
}

}  // namespace
}  // namespace tocsin::collectors
