#include "access/password_policy.hpp"

#include <sodium.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "access/guessable.hpp"
#include "access/password_hash.hpp"
#include "base/unicode.hpp"
#include "findme/error.hpp"

namespace findme::access {
namespace {

constexpr std::size_t kFewCharacters = 5;
constexpr std::size_t kFewWords = 4;
constexpr std::size_t kLeastRest = 8;
constexpr std::size_t kShortestName = 3;

/// Wiped when it goes.
struct Work {
    explicit Work(std::string its_text) : text(std::move(its_text)) {}
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    ~Work() { sodium_memzero(text.data(), text.size()); }
    std::string text;
};

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::size_t different_characters(std::string_view text) {
    std::set<std::string_view> characters;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t length = 1;
        while (at + length < text.size() && !begins_character(text[at + length])) ++length;
        characters.insert(text.substr(at, length));
        at += length;
    }
    return characters.size();
}

/// Whether a unit too short for a password makes the whole, be it cut off at the end.
bool repeats_itself(std::string_view text) {
    for (std::size_t period = 1; period <= text.size() / 2; ++period) {
        if (base::code_points(text.substr(0, period)) >= kMinPasswordCharacters) return false;
        if (text.substr(period) == text.substr(0, text.size() - period)) return true;
    }
    return false;
}

std::string_view without_digits_at_ends(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789";
    const auto first = text.find_first_not_of(kDigits);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kDigits) - first + 1);
}

/// The names as they are and word by word, as passwords are compared, the longest first.
std::vector<std::string> names_of(std::span<const std::string> context) {
    std::set<std::string> names{"findme"};
    for (const auto& text : context) {
        const std::string bare = base::unaccented(text);
        names.insert(without_separators(bare));
        std::string word;
        for (const char c : bare + ' ') {
            const std::string kept = without_separators({&c, 1});
            if (kept.empty()) names.insert(std::exchange(word, {}));
            word += kept;
        }
    }
    std::erase_if(names, [](const std::string& name) { return base::code_points(name) < kShortestName; });
    std::vector<std::string> sorted(names.begin(), names.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
    return sorted;
}

/// How many characters are left without the places where any of the names stands, if there are such places.
std::optional<std::size_t> rest_without(std::string_view password, std::span<const std::string> names) {
    Work rest{std::string(password)};
    for (const auto& name : names) {
        for (auto at = rest.text.find(name); at != std::string::npos; at = rest.text.find(name))
            rest.text.erase(at, name.size());
    }
    if (rest.text.size() == password.size()) return std::nullopt;
    return base::code_points(rest.text);
}

bool is_little_more_than(std::span<const std::string> names, std::string_view password) {
    const auto rest = rest_without(password, names);
    return rest && *rest < kLeastRest;
}

/// The first rule by which `bare`, the password without case and accents, is easily guessed.
std::string guessable_because(std::string_view bare, std::span<const std::string> context) {
    if (different_characters(bare) < kFewCharacters) return "it has fewer than five different characters";
    const Work squeezed(without_separators(bare));
    if (repeats_itself(bare) || repeats_itself(without_digits_at_ends(squeezed.text)))
        return "it repeats itself";
    const auto names = names_of(context);
    const Work undisguised(without_disguise(squeezed.text));
    if (is_little_more_than(names, squeezed.text) || is_little_more_than(names, undisguised.text))
        return "little is left of it without the names of account, event and service";
    if (guessing_cost(bare, names) < kFewWords * kWordCost)
        return "it is made of fewer than four common words, names, runs of keys and dates";
    return {};
}

}  // namespace

std::vector<std::string> password_problems(std::string_view password,
                                           std::span<const std::string> context_words) {
    if (password.size() > kMaxPasswordBytes) return {"it is longer than 1024 bytes"};
    std::vector<std::string> problems;
    if (base::code_points(password) < kMinPasswordCharacters)
        problems.emplace_back("it is shorter than 15 characters (a sentence of your own is good)");
    const Work bare(base::unaccented(password));
    if (auto reason = guessable_because(bare.text, context_words); !reason.empty())
        problems.push_back(std::move(reason));
    return problems;
}

void require_good_password(std::string_view password, std::span<const std::string> context_words) {
    const auto problems = password_problems(password, context_words);
    if (problems.empty()) return;
    ErrorInfo error{ErrorCode::password_refused, "the password is refused: "};
    for (const auto& problem : problems) {
        if (!error.problems.empty()) error.message += "; ";
        error.message += problem;
        error.problems.push_back({ErrorCode::password_refused, problem, "password"});
    }
    throw Error(std::move(error));
}

}  // namespace findme::access
