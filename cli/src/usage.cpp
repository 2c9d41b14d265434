#include "usage.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

#include "findme/text.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

using Words = std::vector<std::string>;

bool contains(const Words& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// A lone dash is a file's name.
bool looks_like_option(std::string_view word) {
    return word.size() > 1 && word.front() == '-';
}

/// `--name` of `--name=value`, `-n` of `-nvalue`.
std::string option_in(const std::string& word) {
    if (word.starts_with("--")) return word.substr(0, word.find('='));
    std::size_t end = 2;
    while (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80U) ++end;
    return word.substr(0, end);
}

/// However it is written, and as other programs abbreviate it.
bool sounds_secret(std::string_view option) {
    constexpr std::string_view kSounds[] = {"pass", "pwd", "token", "secret", "key", "credential"};
    std::string lower(option);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower == "-p" || std::any_of(std::begin(kSounds), std::end(kSounds),
                                        [&](auto sound) { return lower.find(sound) != std::string::npos; });
}

/// What may be repeated: a password may begin with dashes, but it does not look like any option's name.
bool looks_like_a_name(std::string_view option) {
    constexpr std::size_t kLetter = 2;  // With its dash.
    constexpr std::size_t kLongest = 24;
    if (option.size() <= kLetter) return true;
    return option.size() <= kLongest && std::all_of(option.begin(), option.end(), [](char c) {
               return c == '-' || (c >= 'a' && c <= 'z');
           });
}

/// What --help calls it: what follows the colon is the check's.
std::string value_name_of(const CLI::Option& option) {
    const std::string name = option.get_type_name();
    return name.substr(0, name.find(':'));
}

/// `--limit`, or NAME of an argument.
std::string shown_name(const CLI::Option& option) {
    return option.get_positional() ? value_name_of(option) : option.get_name();
}

Words names_of_commands(CLI::App& command) {
    Words names;
    for (const auto* inner : command.get_subcommands([](CLI::App*) { return true; }))
        names.push_back(inner->get_name());
    return names;
}

class Judgement {
  public:
    Judgement(CLI::App& app, const CLI::ParseError& error, const Words& arguments) : error_(error) {
        chain_.push_back(&app);
        while (!chain_.back()->get_subcommands().empty())
            chain_.push_back(chain_.back()->get_subcommands().front());
        for (const auto* command : chain_) path_ += (path_.empty() ? "" : " ") + command->get_name();
        sort_leftovers(app, arguments);
    }

    std::vector<ErrorInfo> take() {
        for (const auto& option : unknown_options_) judge_unknown(option);
        for (auto* command : chain_) {
            for (auto* option : command->get_options([](CLI::Option*) { return true; })) judge_value(*option);
        }
        judge_words();
        for (auto* command : chain_) {
            for (auto* option : command->get_options([](CLI::Option*) { return true; })) {
                if (option->get_required() && option->count() == 0 && !has_no_value(*option))
                    add(shown_name(*option) + " is missing (see `" + path_ + " --help`)",
                        shown_name(*option));
            }
            judge_exclusions(*command);
            judge_needs(*command);
        }
        // Nothing of the parser's own is shown: it repeats what it was given.
        if (problems_.empty()) add("this command line cannot be understood (see `" + path_ + " --help`)", "");
        return std::move(problems_);
    }

  private:
    void add(std::string message, std::string subject) {
        problems_.push_back({ErrorCode::invalid_argument, std::move(message), std::move(subject)});
    }

    /// Parts what the parser had no place for into options and words.
    void sort_leftovers(const CLI::App& app, const Words& arguments) {
        const Words leftovers = app.remaining(true);
        const auto is_unknown = [&](const std::string& word) {
            return looks_like_option(word) && contains(leftovers, word);
        };
        // What may be the value of an option that is not there. One that sounds like a secret's has a value,
        // whatever that looks like.
        Words values;
        for (std::size_t i = 1; i < arguments.size(); ++i) {
            const std::string& before = arguments[i - 1];
            if (!is_unknown(before) || before.find('=') != std::string::npos) continue;
            if (contains(values, before)) continue;
            if (!looks_like_option(arguments[i]) || sounds_secret(before)) values.push_back(arguments[i]);
        }
        for (const auto& word : leftovers) {
            if (word == "--" || contains(values, word)) continue;
            if (!looks_like_option(word)) {
                words_.push_back(word);
            } else if (const auto option = option_in(word); !contains(unknown_options_, option)) {
                unknown_options_.push_back(option);
            }
        }
        hands_over_secret_ = std::any_of(unknown_options_.begin(), unknown_options_.end(), sounds_secret);
    }

    void judge_unknown(const std::string& option) {
        Words known;
        for (auto* command : chain_) {
            for (const auto* other : command->get_options([](CLI::Option*) { return true; })) {
                for (const auto& name : other->get_lnames()) known.push_back("--" + name);
            }
        }
        const bool is_a_name = looks_like_a_name(option);
        const std::string near = did_you_mean(option, known);
        const std::string begin =
            is_a_name || !near.empty()
                ? "unknown option " + findme::quoted(option)
                : "an unknown option, not repeated here in case it is a secret (see `" + path_ + " --help`)";
        if (contains(known, option + "-stdin"))
            return add(begin + ": a secret is never given on the command line, use " +
                           either({option + "-stdin", option + "-file", option + "-fd"}),
                       option);
        add(begin + near, is_a_name ? option : std::string());
    }

    /// Lets CLI11 judge it, as parse() would have done had nothing else been wrong.
    void judge_value(CLI::Option& option) {
        const std::string name = shown_name(option);
        if (has_no_value(option)) return add(name + " needs a value", name);
        if (was_not_converted(option)) return add_unconverted(option, name);
        if (option.count() == 0 || option.get_callback_run()) return;
        try {
            option.run_callback();
        } catch (const CLI::ValidationError& refusal) {
            const std::string wanted = std::string(refusal.what()).substr(option.get_name().size() + 2);
            add(name + given(option) + " must be " + wanted, name);
        } catch (const CLI::ArgumentMismatch&) {
            add(name + " is given more than once", name);
        } catch (const CLI::ConversionError&) {
            add_unconverted(option, name);
        } catch (const CLI::Success&) {  // --version
        }
    }

    /// ` is "x", it`, where `x` is no secret.
    [[nodiscard]] std::string given(const CLI::Option& option) const {
        const bool may_repeat = !hands_over_secret_ && !option.get_positional() &&
                                option.results().size() == 1 && !sounds_secret(option.get_name()) &&
                                option.get_name() != "--set";
        return may_repeat ? " is " + findme::quoted(option.results().front()) + ", it" : std::string();
    }

    void add_unconverted(const CLI::Option& option, const std::string& name) {
        const bool is_flag = option.get_items_expected_max() == 0;
        add(name + (is_flag ? " takes no value" : " has a value that it cannot have"), name);
    }

    /// CLI11 takes it for done although it stopped there.
    [[nodiscard]] bool was_not_converted(const CLI::Option& option) const {
        return dynamic_cast<const CLI::ConversionError*>(&error_) != nullptr &&
               std::string_view(error_.what()).starts_with("Could not convert: " + option.get_name() + " = ");
    }

    /// The last of the line: there the parser gave up.
    [[nodiscard]] bool has_no_value(const CLI::Option& option) const {
        return dynamic_cast<const CLI::ArgumentMismatch*>(&error_) != nullptr && option.count() == 0 &&
               !option.get_positional() &&
               std::string_view(error_.what()).starts_with(option.get_name() + ": ");
    }

    /// Words where a command belongs, and too many of them.
    void judge_words() {
        CLI::App& last = *chain_.back();
        const Words commands = names_of_commands(last);
        if (!commands.empty()) {
            if (!words_.empty()) return add(unknown_command(last, path_, words_.front()), "");
            if (last.get_require_subcommand_min() == 0) return;
            return add(
                "a command is missing" + (chain_.size() == 1 ? " (see `findme --help`)"
                                                             : ": `" + path_ + "` takes " + either(commands)),
                "");
        }
        if (words_.empty()) return;
        std::string takes;
        for (const auto* option : last.get_options([](CLI::Option*) { return true; })) {
            if (option->get_positional()) takes += (takes.empty() ? "" : " ") + value_name_of(*option);
        }
        const std::string count = std::to_string(words_.size());
        add("`" + path_ + "` takes " +
                (takes.empty() ? "no argument, and was given " + count
                               : takes + ", and was given " + count + " more"),
            "");
    }

    void judge_exclusions(CLI::App& command) {
        const auto options =
            command.get_options([](const CLI::Option* option) { return option->count() > 0; });
        for (auto option = options.begin(); option != options.end(); ++option) {
            const auto excluded = (*option)->get_excludes();
            for (auto other = std::next(option); other != options.end(); ++other) {
                if (excluded.count(*other) > 0)
                    add(shown_name(**option) + " and " + shown_name(**other) + " exclude each other",
                        shown_name(**option));
            }
        }
    }

    void judge_needs(CLI::App& command) {
        for (const auto* option : command.get_options([](const CLI::Option* o) { return o->count() > 0; })) {
            for (const auto* needed : option->get_needs()) {
                if (needed->count() == 0)
                    add(shown_name(*option) + " needs " + shown_name(*needed), shown_name(*option));
            }
        }
    }

    const CLI::ParseError& error_;
    std::vector<CLI::App*> chain_;  ///< The tool, the command, its command.
    std::string path_;
    Words unknown_options_;
    Words words_;
    bool hands_over_secret_ = false;
    std::vector<ErrorInfo> problems_;
};

}  // namespace

std::vector<ErrorInfo> usage_problems(CLI::App& app, const CLI::ParseError& error,
                                      const std::vector<std::string>& arguments) {
    return Judgement(app, error, arguments).take();
}

std::string unknown_command(CLI::App& command, const std::string& path, const std::string& word) {
    constexpr std::size_t kMostListed = 12;
    const Words commands = names_of_commands(command);
    if (const auto hint = did_you_mean(word, commands); !hint.empty())
        return "unknown command " + findme::quoted(word) + hint;
    return "unknown command" + (commands.size() > kMostListed || commands.empty()
                                    ? " (see `" + path + " --help`)"
                                    : ": `" + path + "` takes " + either(commands));
}

}  // namespace findme::cli
