#include "value_check.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

#include "findme/clock.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

/// The whole text, or nothing.
template <typename Number>
std::optional<Number> parsed(const std::string& text) {
    Number value{};
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

std::string printed(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.10g", value);
    return text;
}

/// @param allowed  from `least` to `most`, as the refusal says it.
CLI::Validator whole_number_between(std::int64_t least, std::int64_t most, const std::string& allowed) {
    return {[least, most, wanted = "a whole number " + allowed](const std::string& text) {
                const auto value = parsed<std::int64_t>(text);
                if (!value || *value < least || *value > most) return wanted;
                // CLI11 would take 010 for eight.
                return text == std::to_string(*value) ? std::string() : wanted + ", without a zero before it";
            },
            ""};
}

}  // namespace

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
    const bool has_end = most < std::numeric_limits<std::int64_t>::max();
    return whole_number_between(
        least, most,
        "from " + std::to_string(least) + (has_end ? " to " + std::to_string(most) : std::string(" up")));
}

CLI::Validator small_whole_number(int least) {
    return whole_number_between(least, std::numeric_limits<int>::max(),
                                "from " + std::to_string(least) + " up");
}

CLI::Validator number(double least, double most) {
    return {[least, most,
             wanted = "a number from " + printed(least) + " to " + printed(most)](const std::string& text) {
                const auto value = parsed<double>(text);
                // What is not a number is not between two.
                return value && *value >= least && *value <= most ? std::string() : wanted;
            },
            ""};
}

CLI::Validator one_of(const std::vector<std::string>& words) {
    std::string name;
    for (const auto& word : words) name += (name.empty() ? "" : ",") + word;
    // CLI11 has no other place to keep them for the completions.
    return {[words](const std::string& text) {
                return std::find(words.begin(), words.end(), text) != words.end() ? std::string()
                                                                                  : either(words);
            },
            "", name};
}

CLI::Validator day() {
    return text_that([](const std::string& text) { return bool(date_from_iso8601(text)); },
                     "a day as in 2026-06-20");
}

CLI::Validator text_that(std::function<bool(const std::string&)> is_good, std::string wanted) {
    return {[is_good = std::move(is_good), wanted = std::move(wanted)](const std::string& text) {
                return is_good(text) ? std::string() : wanted;
            },
            ""};
}

}  // namespace findme::cli
