#include "base/unicode.hpp"

#include <sodium.h>
#include <utf8proc.h>

#include <utility>
#include <vector>

#include "base/text.hpp"

namespace findme::base {
namespace {

const utf8proc_uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

/// Passwords come through here: the memory in between is wiped, and the result is made in its place.
class Scratch {
  public:
    explicit Scratch(std::size_t count) : code_points_(count) {}
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { sodium_memzero(code_points_.data(), code_points_.size() * sizeof(utf8proc_int32_t)); }
    [[nodiscard]] utf8proc_int32_t* data() { return code_points_.data(); }

  private:
    std::vector<utf8proc_int32_t> code_points_;
};

/// utf8proc_map(), which leaves what it worked on behind. Nothing when `text` is not UTF-8.
std::optional<std::string> mapped(std::string_view text, utf8proc_option_t options) {
    const auto size = static_cast<utf8proc_ssize_t>(text.size());
    const auto count = utf8proc_decompose(bytes_of(text), size, nullptr, 0, options);
    if (count < 0) return std::nullopt;
    Scratch scratch(static_cast<std::size_t>(count) + 1);  // Room for the NUL that it puts behind.
    if (utf8proc_decompose(bytes_of(text), size, scratch.data(), count, options) < 0) return std::nullopt;
    const auto length = utf8proc_reencode(scratch.data(), count, options);
    if (length < 0) return std::nullopt;
    return std::optional<std::string>(std::in_place, reinterpret_cast<const char*>(scratch.data()),
                                      static_cast<std::size_t>(length));
}

constexpr auto kComposed = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
constexpr auto kFolded = static_cast<utf8proc_option_t>(kComposed | UTF8PROC_CASEFOLD);
constexpr auto kBare = static_cast<utf8proc_option_t>(kFolded | UTF8PROC_STRIPMARK);

template <typename Visit>
void for_each_code_point(std::string_view text, const Visit& visit) {
    for (std::size_t at = 0; at < text.size();) {
        utf8proc_int32_t code_point = 0;
        const auto length = utf8proc_iterate(bytes_of(text) + at,
                                             static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
        if (length < 1) return;
        visit(code_point);
        at += static_cast<std::size_t>(length);
    }
}

}  // namespace

std::optional<std::string> nfc(std::string_view text) {
    if (!is_valid_utf8(text)) return std::nullopt;
    return mapped(text, kComposed);
}

std::string case_folded(std::string_view text) {
    if (!is_valid_utf8(text)) return std::string(text);
    return mapped(text, kFolded).value_or(std::string(text));
}

std::string unaccented(std::string_view text) {
    if (!is_valid_utf8(text)) return std::string(text);
    return mapped(text, kBare).value_or(std::string(text));
}

std::size_t code_points(std::string_view text) {
    if (!is_valid_utf8(text)) return text.size();
    std::size_t count = 0;
    for_each_code_point(text, [&](utf8proc_int32_t) { ++count; });
    return count;
}

bool has_control_or_format(std::string_view text) {
    bool found = false;
    for_each_code_point(text, [&](utf8proc_int32_t code_point) {
        const auto category = utf8proc_category(code_point);
        found = found || category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
                category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
    });
    return found;
}

}  // namespace findme::base
