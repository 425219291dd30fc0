#include "collectors/packet/protocol/tls/certificate.h"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "collectors/base/address.h"
#include "collectors/base/digest.h"

namespace tocsin::collectors {

namespace {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* thing) const {
    release(thing);
  }
};
using CertificateHandle = std::unique_ptr<X509, Release<X509_free>>;
using BioHandle = std::unique_ptr<BIO, Release<BIO_free_all>>;
using NamesHandle = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;

std::string name_text(const X509_NAME* name) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (out == nullptr || name == nullptr) return {};
  static constexpr unsigned long flags = XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | ASN1_STRFLGS_UTF8_CONVERT;
  X509_NAME_print_ex(out.get(), name, 0, flags);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string colon_hex(const std::uint8_t* data, std::size_t size, bool upper) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    if (i != 0) out += ':';
    out += upper ? fmt::format("{:02X}", data[i]) : fmt::format("{:02x}", data[i]);
  }
  return out;
}

// As it stands in the certificate: a leading zero byte keeps a number positive.
std::string serial_text(X509* certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  const int size = i2d_ASN1_INTEGER(serial, nullptr);
  if (size < 3 || size > 128) return {};
  std::vector<std::uint8_t> der(static_cast<std::size_t>(size));
  std::uint8_t* at = der.data();
  i2d_ASN1_INTEGER(serial, &at);
  return colon_hex(der.data() + 2, der.size() - 2, true);  // after tag and a length below 128
}

std::optional<Time> time_of(const ASN1_TIME* stamp) {
  std::tm parts{};
  if (stamp == nullptr || ASN1_TIME_to_tm(stamp, &parts) != 1) return std::nullopt;
  const int year = parts.tm_year + 1900;
  if (year < 1700 || year > 2250) return std::nullopt;  // outside of 64-bit nanoseconds
  const std::chrono::year_month_day day{std::chrono::year(year),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return Time{std::chrono::sys_days(day)} + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

std::vector<std::string> alternative_names(X509* certificate) {
  std::vector<std::string> out;
  const NamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return out;
  static constexpr int names_most = 1'000;
  const int count = std::min(sk_GENERAL_NAME_num(names.get()), names_most);
  for (int i = 0; i < count; ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (value == nullptr || (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI && type != GEN_IPADD)) continue;
    const auto* text = static_cast<const ASN1_STRING*>(value);
    const Bytes bytes(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (type != GEN_IPADD) out.emplace_back(as_text(bytes));
    else if (bytes.size() == 4) out.push_back(render_address(IpAddress::v4(bytes)));
    else if (bytes.size() == 16) out.push_back(render_address(IpAddress::v6(bytes)));
  }
  return out;
}

}  // namespace

std::optional<Certificate> parse_certificate(Bytes der) {
  const std::uint8_t* at = der.data();
  const CertificateHandle handle(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (handle == nullptr) {
    ERR_clear_error();
    return std::nullopt;
  }
  Certificate certificate;
  certificate.subject = name_text(X509_get_subject_name(handle.get()));
  certificate.issuer = name_text(X509_get_issuer_name(handle.get()));
  certificate.serial = serial_text(handle.get());
  const Sha1 digest = sha1(der);
  certificate.fingerprint = colon_hex(digest.data(), digest.size(), false);
  certificate.alternative_names = alternative_names(handle.get());
  certificate.not_before = time_of(X509_get0_notBefore(handle.get()));
  certificate.not_after = time_of(X509_get0_notAfter(handle.get()));
  ERR_clear_error();
  return certificate;
}

CertificateStanding standing_of(const Certificate& certificate, Time shown) noexcept {
  if (certificate.not_after && *certificate.not_after < shown) return CertificateStanding::expired;
  if (certificate.not_before && *certificate.not_before > shown) return CertificateStanding::not_yet_valid;
  return CertificateStanding::valid;
}

std::shared_ptr<const Certificate> CertificateReader::read(Bytes der) {
  Slot& slot = slots_[hash64(der) % slots_.size()];
  if (!slot.der.empty() && std::ranges::equal(slot.der, der)) return slot.certificate;
  auto parsed = parse_certificate(der);
  auto certificate = parsed ? std::make_shared<const Certificate>(std::move(*parsed)) : nullptr;
  if (der.size() <= size_most) slot = {{der.begin(), der.end()}, certificate};
  return certificate;
}

}  // namespace tocsin::collectors
