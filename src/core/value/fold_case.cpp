// Case folding by ICU, in the calls that PostgreSQL's ICU provider makes (pg_locale.c:icu_to_uchar,
// formatting.c:str_tolower), so that both sides give the same bytes.
#include "core/value/fold_case.hpp"

#include <unicode/uchar.h>
#include <unicode/ustring.h>
#include <unicode/uversion.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>

namespace segmentation::core {

namespace {

bool is_ascii(std::string_view text) noexcept {
  unsigned char bits = 0;
  for (const char c : text) {
    bits |= static_cast<unsigned char>(c);
  }
  return bits < 0x80;
}

/// UTF-16 units on the stack where they are few, else on the heap.
class Units {
public:
  explicit Units(std::size_t size) : heap_(size > stack_.size() ? new UChar[size] : nullptr), size_(size) {}
  UChar *data() noexcept { return heap_ ? heap_.get() : stack_.data(); }
  std::int32_t size() const noexcept { return static_cast<std::int32_t>(size_); }

private:
  std::array<UChar, 256> stack_;
  std::unique_ptr<UChar[]> heap_;
  std::size_t size_;
};

/// Lowers `text` into `out`; returns false where ICU refuses it.
bool fold_unicode(std::string_view text, std::string &out) {
  // One unit of UTF-16 grows to three bytes of UTF-8 at most, and lower case to three units; lengths are 32
  // bits in ICU.
  if (text.size() > std::numeric_limits<std::int32_t>::max() / 9) {
    return false;
  }
  UErrorCode status = U_ZERO_ERROR;
  Units source(text.size());
  std::int32_t source_length = 0;
  u_strFromUTF8(source.data(), source.size(), &source_length, text.data(),
                static_cast<std::int32_t>(text.size()), &status);
  if (U_FAILURE(status)) {
    return false;
  }
  Units lower(static_cast<std::size_t>(source_length) * 3);
  status = U_ZERO_ERROR;
  const std::int32_t lower_length =
      u_strToLower(lower.data(), lower.size(), source.data(), source_length, "und", &status);
  if (U_FAILURE(status)) {
    return false;
  }
  out.resize(static_cast<std::size_t>(lower_length) * 3);
  std::int32_t out_length = 0;
  status = U_ZERO_ERROR;
  u_strToUTF8(out.data(), static_cast<std::int32_t>(out.size()), &out_length, lower.data(), lower_length,
              &status);
  if (U_FAILURE(status)) {
    return false;
  }
  out.resize(static_cast<std::size_t>(out_length));
  return true;
}

} // namespace

void fold_case_into(std::string_view text, std::string &out) {
  if (is_ascii(text)) {
    out.resize(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      out[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return;
  }
  if (!fold_unicode(text, out)) {
    out.assign(text);
  }
}

std::string fold_case(std::string_view text) {
  std::string out;
  fold_case_into(text, out);
  return out;
}

std::string fold_case_version() {
  UVersionInfo rules, data;
  u_getUnicodeVersion(rules);
  u_getVersion(data);
  std::string out;
  for (const std::uint8_t *version : {rules, data}) {
    for (int i = 0; i < U_MAX_VERSION_LENGTH; ++i) {
      out += std::to_string(version[i]) + ".";
    }
  }
  return out;
}

} // namespace segmentation::core
