#include "support/confine/unit_file.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace findme::confine {
namespace {

std::string trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

std::pair<std::string, std::string> assignment(const std::string& line, const std::string& where) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || equals == 0)
        throw std::runtime_error(where + ": \"" + line + "\" is no NAME=VALUE");
    return {trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1))};
}

bool is_comment(const std::string& line) {
    return line.empty() || line.front() == '#' || line.front() == ';';
}

std::ifstream opened(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    return file;
}

/// ${NAME} wherever it stands; systemd does not take such a value apart into words.
std::string with_variables(std::string_view word, const Environment& environment) {
    std::string filled;
    while (!word.empty()) {
        const auto dollar = word.find('$');
        filled += word.substr(0, dollar);
        if (dollar == std::string_view::npos) break;
        const auto end = word.find('}', dollar);
        if (!word.substr(dollar).starts_with("${") || end == std::string_view::npos)
            throw std::runtime_error("in \"" + std::string(word) + "\": only ${NAME} is understood");
        const auto found = environment.find(std::string(word.substr(dollar + 2, end - dollar - 2)));
        if (found != environment.end()) filled += found->second;
        word.remove_prefix(end + 1);
    }
    return filled;
}

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
    std::istringstream in{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

UnitFile::UnitFile(const std::string& path) : path_(path) {
    auto file = opened(path);
    std::string section;
    for (std::string line; std::getline(file, line);) {
        line = trimmed(line);
        if (is_comment(line)) continue;
        if (line.back() == '\\')
            throw std::runtime_error(path + ": continued lines are not understood: " + line);
        if (line.front() == '[') {
            section = line;
        } else if (section == "[Service]") {
            settings_.push_back(assignment(line, path));
        }
    }
    if (settings_.empty()) throw std::runtime_error(path + " has no section [Service]");
}

std::vector<std::string> UnitFile::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [key, value] : settings_) {
        if (key != name) continue;
        if (value.empty()) {
            values.clear();
        } else {
            values.push_back(value);
        }
    }
    return values;
}

std::string UnitFile::last(std::string_view name) const {
    const auto values = all(name);
    return values.empty() ? std::string() : values.back();
}

bool UnitFile::has(std::string_view name) const {
    for (const auto& setting : settings_) {
        if (setting.first == name) return true;
    }
    return false;
}

bool UnitFile::is_on(std::string_view name) const {
    const auto value = last(name);
    if (value.empty() || value == "no") return false;
    if (value == "yes") return true;
    throw std::runtime_error(path_ + ": " + std::string(name) + "=" + value +
                             ": only yes and no are understood");
}

Environment UnitFile::environment(Environment callers) const {
    Environment result = std::move(callers);
    for (const auto& line : all("Environment")) {
        if (line.find_first_of("\"' ") != std::string::npos)
            throw std::runtime_error(path_ + ": one variable a line, without quotes: " + line);
        auto [name, value] = assignment(line, path_);
        result[name] = with_specifiers(value, result);
    }
    for (const auto& name : all("EnvironmentFile")) {
        const auto path = with_specifiers(name, result);
        auto file = opened(path);
        for (std::string line; std::getline(file, line);) {
            if (is_comment(line)) continue;
            auto [variable, value] = assignment(line, path);
            result[variable] = value;
        }
    }
    return result;
}

std::vector<std::vector<std::string>> UnitFile::commands(const Environment& environment) const {
    std::vector<std::vector<std::string>> result;
    for (const auto& line : all("ExecStart")) {
        if (line.front() != '/' || line.find_first_of("\"'\\") != std::string::npos)
            throw std::runtime_error(path_ +
                                     ": prefixes, quotes and backslashes are not understood: " + line);
        std::vector<std::string> words;
        for (const auto& word : split_words(line)) {
            words.push_back(with_variables(with_specifiers(word, environment), environment));
        }
        result.push_back(words);
    }
    if (result.empty()) throw std::runtime_error(path_ + " starts nothing");
    return result;
}

std::string UnitFile::with_specifiers(std::string_view text, const Environment& environment) const {
    std::string filled;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            filled += text[at];
            continue;
        }
        const char specifier = ++at < text.size() ? text[at] : '\0';
        if (specifier == 'i') {
            const auto stem = std::filesystem::path(path_).stem().string();
            filled += stem.substr(stem.find('@') + 1);
        } else if (specifier == 'd' && environment.count("CREDENTIALS_DIRECTORY") != 0) {
            filled += environment.at("CREDENTIALS_DIRECTORY");
        } else {
            throw std::runtime_error(path_ + ": no value for a specifier of \"" + std::string(text) + "\"");
        }
    }
    return filled;
}

}  // namespace findme::confine
