#include "access/guessable.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <optional>
#include <unordered_set>
#include <vector>

#include "access/common_words.hpp"

namespace findme::access {
namespace {

using Words = std::unordered_set<std::string_view>;

const Words& common_words() {
    static const Words words = [] {
        Words list;
        std::string_view rest = common_words_txt();
        while (!rest.empty()) {
            const auto length = std::min(rest.find('\n'), rest.size());
            if (length > 0) list.insert(rest.substr(0, length));
            rest.remove_prefix(std::min(length + 1, rest.size()));
        }
        return list;
    }();
    return words;
}

/// Rows of keys, each beside the next.
using Keyboard = std::array<std::string_view, 4>;

constexpr std::array<Keyboard, 4> kKeyboards{{
    {"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"},
    {"1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"},
    {"1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"},
    {"789", "456", "123", "0"},
}};

/// What is typed along, besides the rows: the alphabet, and columns and rows in turns.
constexpr std::array<std::string_view, 4> kLines{"abcdefghijklmnopqrstuvwxyz",
                                                 "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
                                                 "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujmikolp"};

struct Step {
    int down;
    int right;
    bool operator==(const Step&) const = default;
};

struct Key {
    int row;
    int column;
};

std::optional<Key> find_key(const Keyboard& keyboard, char c) {
    for (std::size_t row = 0; row < keyboard.size(); ++row) {
        const auto column = keyboard[row].find(c);
        if (column != std::string_view::npos) return Key{static_cast<int>(row), static_cast<int>(column)};
    }
    return std::nullopt;
}

std::optional<Step> step_between(const Keyboard& keyboard, char from, char to) {
    const auto a = find_key(keyboard, from);
    const auto b = find_key(keyboard, to);
    if (!a || !b) return std::nullopt;
    return Step{b->row - a->row, b->column - a->column};
}

bool is_beside(const Step& step) {
    return std::abs(step.down) <= 1 && std::abs(step.right) <= 1;
}

/// How many characters from `at` on lie side by side; `straight`: in one direction, without a turn.
std::size_t run_on(const Keyboard& keyboard, std::string_view text, std::size_t at, bool straight) {
    std::optional<Step> first;
    std::size_t length = 1;
    for (; at + length < text.size(); ++length) {
        const auto step = step_between(keyboard, text[at + length - 1], text[at + length]);
        if (!step || !is_beside(*step)) break;
        if (!first) first = step;
        if (straight && *step != *first) break;
    }
    return length;
}

/// How many characters from `at` on stand in `line` as they do here, or the other way round.
std::size_t run_along(std::string_view line, std::string_view text, std::size_t at) {
    const auto start = line.find(text[at]);
    if (start == std::string_view::npos) return 0;
    std::size_t forward = 1;
    while (at + forward < text.size() && start + forward < line.size() &&
           text[at + forward] == line[start + forward])
        ++forward;
    std::size_t back = 1;
    while (at + back < text.size() && back <= start && text[at + back] == line[start - back]) ++back;
    return std::max(forward, back);
}

/// The longest piece from `at` on that is guessed as one run; 1 when there is none.
std::size_t longest_run(std::string_view text, std::size_t at) {
    constexpr std::size_t kShortest = 3;
    constexpr std::size_t kShortestWithTurns = 6;  // Shorter ones are words, as `were` is.
    std::size_t straight = 1;
    std::size_t any = 1;
    for (const auto& keyboard : kKeyboards) {
        straight = std::max(straight, run_on(keyboard, text, at, true));
        any = std::max(any, run_on(keyboard, text, at, false));
    }
    for (const auto line : kLines) straight = std::max(straight, run_along(line, text, at));
    if (any >= kShortestWithTurns) return std::max(any, straight);
    return straight >= kShortest ? straight : 1;
}

std::size_t repetition(std::string_view text, std::size_t at) {
    const auto end = std::min(text.find_first_not_of(text[at], at), text.size());
    return end - at;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Digits from `at` on that cost no more than one guess of few: two, or the four of a year.
std::size_t few_digits(std::string_view text, std::size_t at) {
    std::size_t count = 0;
    while (count < 4 && at + count < text.size() && is_digit(text[at + count])) ++count;
    const auto century = text.substr(at, 2);
    return count == 4 && (century == "19" || century == "20") ? count : std::min<std::size_t>(count, 2);
}

// Few signs separate; many are what a password of signs is made of.
constexpr std::size_t kFreeSeparators = 3;

bool is_separator(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x80U && !(c >= 'a' && c <= 'z') && !is_digit(c);
}

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t separators_at(std::string_view text, std::size_t at) {
    std::size_t count = 0;
    while (at + count < text.size() && is_separator(text[at + count])) ++count;
    return count;
}

std::string replaced(std::string_view text, std::string_view signs, std::string_view letters) {
    std::string result(text);
    for (char& c : result) {
        if (const auto at = signs.find(c); at != std::string_view::npos) c = letters[at];
    }
    return result;
}

/// Goes over a text once, keeping what the cheapest way to each place costs.
class Estimate {
  public:
    Estimate(std::string_view text, std::span<const std::string> names)
        : text_(text),
          views_{std::string(text), without_disguise(text), replaced(text, "0134578@$!|", "oleastbasll")},
          costs_(text.size() + 1, std::numeric_limits<std::size_t>::max()) {
        for (const auto word : common_words()) longest_ = std::max(longest_, word.size());
        for (const auto& name : names) {
            names_.insert(name);
            longest_ = std::max(longest_, name.size());
        }
    }
    Estimate(const Estimate&) = delete;
    Estimate& operator=(const Estimate&) = delete;
    ~Estimate() {
        for (auto& view : views_) sodium_memzero(view.data(), view.size());
    }

    std::size_t run() {
        costs_[0] = 0;
        for (std::size_t at = 0; at < text_.size(); ++at) go_on_from(at);
        return costs_.back();
    }

  private:
    void go_on_from(std::size_t at) {
        reach(at, 1, cost_of_one(at));
        if (const auto length = longest_run(text_, at); length > 1) reach_all(at, length);
        if (const auto length = repetition(text_, at); length > 1) reach_all(at, length);
        if (const auto length = few_digits(text_, at); length > 0) reach_all(at, length);
        for (std::size_t length = 2; length <= std::min(longest_, text_.size() - at); ++length) {
            if (is_word(at, length)) reach(at, length, kWordCost);
        }
    }

    /// A run may end before its end, where a word begins.
    void reach_all(std::size_t at, std::size_t longest) {
        for (std::size_t length = 1; length <= longest; ++length) reach(at, length, cost_of(at, length));
    }

    [[nodiscard]] std::size_t cost_of_one(std::size_t at) const {
        if (continues_character(text_[at])) return 0;
        if (!is_separator(text_[at])) return kWordCost;
        std::size_t before = 0;
        while (before < at && is_separator(text_[at - 1 - before])) ++before;
        return before < kFreeSeparators ? 0 : kWordCost / 2;
    }

    [[nodiscard]] std::size_t cost_of(std::size_t at, std::size_t length) const {
        return length == 1 && !is_digit(text_[at]) ? kWordCost : kWordCost / 2;
    }

    void reach(std::size_t at, std::size_t length, std::size_t cost) {
        costs_[at + length] = std::min(costs_[at + length], costs_[at] + cost);
    }

    [[nodiscard]] bool is_word(std::size_t at, std::size_t length) const {
        return std::any_of(views_.begin(), views_.end(), [&](const std::string& view) {
            const auto piece = std::string_view(view).substr(at, length);
            return common_words().contains(piece) || names_.contains(piece);
        });
    }

    std::string_view text_;
    std::array<std::string, 3> views_;
    std::vector<std::size_t> costs_;
    Words names_;
    std::size_t longest_ = 0;
};

}  // namespace

std::size_t guessing_cost(std::string_view text, std::span<const std::string> names) {
    std::string squeezed = without_separators(text);
    const std::size_t cost = std::min(Estimate(text, names).run(), Estimate(squeezed, names).run());
    sodium_memzero(squeezed.data(), squeezed.size());
    return cost;
}

std::string without_separators(std::string_view text) {
    std::string kept;
    kept.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t separators = separators_at(text, at);
        const std::size_t length = std::max<std::size_t>(separators, 1);
        if (separators == 0 || separators > kFreeSeparators) kept += text.substr(at, length);
        at += length;
    }
    return kept;
}

std::string without_disguise(std::string_view text) {
    return replaced(text, "0134578@$!|", "oieastbasil");
}

}  // namespace findme::access
