#include "base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace findme::base {
namespace {

/// The length of the well-formed UTF-8 sequence at `at`, or 0.
std::size_t utf8_length(std::string_view bytes, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[at + i]); };
    const auto continues = [&](std::size_t i) { return at + i < bytes.size() && (byte(i) & 0xC0U) == 0x80U; };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80U) return 1;
    if (lead >= 0xC2U && lead <= 0xDFU) return continues(1) ? 2 : 0;
    if (lead >= 0xE0U && lead <= 0xEFU) {
        if (!continues(1) || !continues(2)) return 0;
        if (lead == 0xE0U && byte(1) < 0xA0U) return 0;
        if (lead == 0xEDU && byte(1) > 0x9FU) return 0;  // surrogates
        return 3;
    }
    if (lead >= 0xF0U && lead <= 0xF4U) {
        if (!continues(1) || !continues(2) || !continues(3)) return 0;
        if (lead == 0xF0U && byte(1) < 0x90U) return 0;
        if (lead == 0xF4U && byte(1) > 0x8FU) return 0;
        return 4;
    }
    return 0;
}

bool is_control(std::string_view bytes, std::size_t at, std::size_t length) {
    const auto lead = static_cast<std::uint8_t>(bytes[at]);
    if (length == 1) return lead < 0x20U || lead == 0x7FU;
    // C1 controls (U+0080-U+009F) act on terminals as ESC sequences do.
    return length == 2 && lead == 0xC2U && static_cast<std::uint8_t>(bytes[at + 1]) < 0xA0U;
}

void append_escaped(std::string& out, char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<std::uint8_t>(c);
    switch (c) {
        case '\n':
            out += "\\n";
            break;
        case '\t':
            out += "\\t";
            break;
        case '\r':
            out += "\\r";
            break;
        default:
            out += "\\x";
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 15U];
    }
}

}  // namespace

std::string to_lower_ascii(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return static_cast<std::uint8_t>(c) <= 0x20U; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace findme::base

namespace findme {

std::string quoted(std::string_view bytes) {
    std::string out = "\"";
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length = base::utf8_length(bytes, at);
        if (length == 0 || base::is_control(bytes, at, length)) {
            const std::size_t count = std::max<std::size_t>(length, 1);
            for (std::size_t i = 0; i < count; ++i) base::append_escaped(out, bytes[at + i]);
            at += count;
            continue;
        }
        if (bytes[at] == '"' || bytes[at] == '\\') out += '\\';
        out += bytes.substr(at, length);
        at += length;
    }
    return out += '"';
}

bool is_valid_utf8(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length = base::utf8_length(bytes, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
    constexpr std::size_t kNear = 2;
    constexpr std::size_t kMost = 3;
    const std::string wanted = base::to_lower_ascii(word);
    std::vector<std::pair<std::size_t, std::string_view>> near;
    for (const auto& candidate : candidates) {
        const std::size_t distance = base::edit_distance(wanted, base::to_lower_ascii(candidate));
        if (distance <= kNear) near.emplace_back(distance, candidate);
    }
    if (near.empty()) return {};
    std::sort(near.begin(), near.end());
    std::string hint = " (did you mean ";
    for (std::size_t i = 0; i < std::min(near.size(), kMost); ++i)
        hint += (i ? " or " : "") + quoted(near[i].second);
    return hint + "?)";
}

}  // namespace findme
