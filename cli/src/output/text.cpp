#include "output/text.hpp"

#include <algorithm>

#include "findme/text.hpp"

namespace findme::cli {
namespace {

/// Characters, not bytes: continuation bytes take no place.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string shown(std::string_view path) {
    std::string safe = findme::quoted(path);
    return safe.size() == path.size() + 2 ? std::string(path) : safe;
}

std::string one_line(std::string_view message) {
    const bool safe = is_valid_utf8(message) && std::none_of(message.begin(), message.end(), [](char c) {
                          return static_cast<unsigned char>(c) < 0x20U || c == 0x7F;
                      });
    return safe ? std::string(message) : findme::quoted(message);
}

std::string counted(std::int64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string either(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

void write_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()), 0);
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    }
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out << row[i];
            if (i + 1 < row.size()) out << std::string(widths[i] - width_of(row[i]) + 2, ' ');
        }
        out << '\n';
    }
}

}  // namespace findme::cli
