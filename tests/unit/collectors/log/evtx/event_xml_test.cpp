#include "collectors/log/evtx/event_xml.h"

#include <gtest/gtest.h>

namespace tocsin::collectors {
namespace {

std::string json(std::string_view xml) {
  const auto out = event_xml_to_json(xml);
  return out ? *out : "error: " + out.error().text();
}

constexpr std::string_view logon = R"(<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">
  <System>
    <Provider Name="Microsoft-Windows-Security-Auditing" Guid="{54849625-5478-4994-A5BA-3E3B0328C30D}"/>
    <EventID Qualifiers="0">4624</EventID>
    <Keywords>0x8020000000000000</Keywords>
    <TimeCreated SystemTime="2024-02-13T18:01:47.5123404Z"/>
    <Correlation/>
    <Channel>Security</Channel>
  </System>
  <EventData>
    <Data Name="SubjectLogonId">0x00000000000003e7</Data>
    <Data Name="AccessMask">0x00000000</Data>
    <Data Name="Command Line">a &lt;b&gt; &amp; "c" &#x41;&bogus; &</Data>
    <Data Name="LogonType">3</Data>
    <Data Name="Code">007</Data>
    <Data Name="Empty"/>
  </EventData>
</Event>)";

TEST(EventXml, has_the_form_that_exporters_write) {
  EXPECT_EQ(json(logon),
            R"({"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing",)"
            R"("Guid":"{54849625-5478-4994-A5BA-3E3B0328C30D}"}},)"
            R"("EventID":{"#attributes":{"Qualifiers":0},"#text":4624},"Keywords":"0x8020000000000000",)"
            R"("TimeCreated":{"#attributes":{"SystemTime":"2024-02-13T18:01:47.5123404Z"}},)"
            R"("Correlation":"","Channel":"Security"},"EventData":{"SubjectLogonId":"0x3e7","AccessMask":"0x0",)"
            R"("CommandLine":"a <b> & \"c\" A&bogus; &","LogonType":3,"Code":"007","Empty":""}}})");
}

TEST(EventXml, unnamed_data_is_a_list_and_user_data_keeps_its_element) {
  EXPECT_EQ(json("<Event><EventData><Data>one</Data><Data Name=\"n\">two</Data><Data/><Binary>00FF</Binary></EventData>"
                 "</Event>"),
            R"({"Event":{"EventData":{"n":"two","Binary":"00FF","Data":["one",""]}}})");
  EXPECT_EQ(json("<Event><UserData><x:Cleared xmlns:x='y'><Channel>System</Channel></x:Cleared></UserData></Event>"),
            R"({"Event":{"UserData":{"Cleared":{"Channel":"System"}}}})");
  EXPECT_EQ(json("<Event><a><![CDATA[<x>&amp;]]></a><!-- c --><?p i?></Event>"), R"({"Event":{"a":"<x>&amp;"}})");
}

TEST(EventXml, what_is_no_text_does_not_break_the_json) {
  EXPECT_EQ(json("<Event><a>\x01\xFF\n</a></Event>"), "{\"Event\":{\"a\":\"\\u0001\xEF\xBF\xBD\\n\"}}");
  EXPECT_EQ(json("<Event><a>&#xD800;&#x110000;&#99999999999;</a></Event>"),
            "{\"Event\":{\"a\":\"\xEF\xBF\xBD\xEF\xBF\xBD&#99999999999;\"}}");
}

TEST(EventXml, damage_is_told_with_its_place) {
  for (std::size_t cut = 0; cut < logon.size(); ++cut) EXPECT_FALSE(event_xml_to_json(logon.substr(0, cut))) << cut;
  for (const auto* text : {"", "text", "<a/>", "<Event/><Event/>", "</Event>", "<Event></Event></Event>", "<Event a>",
                           "<Event a=b/>", "<Event a=\"b/>", "< />", "<Event><!DOCTYPE x></Event>", "<Event><![CDATA["})
    EXPECT_FALSE(event_xml_to_json(text)) << text;
  EXPECT_NE(json("<Event a=b/>").find("at byte 7"), std::string::npos);
}

TEST(EventXml, depth_and_number_are_capped) {
  std::string deep = "<Event>", many = "<Event>", wide = "<Event";
  for (std::size_t i = 0; i < event_xml_depth_most; ++i) deep += "<a>";
  EXPECT_NE(json(deep).find("too deep"), std::string::npos);
  for (std::size_t i = 0; i < event_xml_nodes_most; ++i) many += "<a/>";
  EXPECT_NE(json(many).find("too many elements"), std::string::npos);
  for (std::size_t i = 0; i <= event_xml_nodes_most; ++i) wide += " a=''";
  EXPECT_NE(json(wide).find("too many attributes"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::collectors
