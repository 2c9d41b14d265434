#include "ops/json_text.hpp"

#include <array>
#include <charconv>

namespace findme::ops {

JsonText& JsonText::open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
}

JsonText& JsonText::close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
}

JsonText& JsonText::key(std::string_view name) {
    separate();
    quote(name);
    text_ += ':';
    first_ = true;
    return *this;
}

JsonText& JsonText::text(std::string_view value) {
    separate();
    quote(value);
    return *this;
}

JsonText& JsonText::integer(std::int64_t value) {
    return word(std::to_string(value));
}

JsonText& JsonText::real(double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return word({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

JsonText& JsonText::boolean(bool value) {
    return word(value ? "true" : "false");
}

JsonText& JsonText::null() {
    return word("null");
}

JsonText& JsonText::word(std::string_view value) {
    separate();
    text_ += value;
    return *this;
}

void JsonText::separate() {
    if (!first_) text_ += ',';
    first_ = false;
}

void JsonText::quote(std::string_view value) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text_ += '"';
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            text_ += {'\\', c};
        } else if (byte < 0x20) {
            text_ += {'\\', 'u', '0', '0', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
        } else {
            text_ += c;
        }
    }
    text_ += '"';
}

}  // namespace findme::ops
