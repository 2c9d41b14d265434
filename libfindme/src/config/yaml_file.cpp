#include "config/yaml_file.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "base/text.hpp"
#include "config/redact.hpp"
#include "config/settings.hpp"

namespace findme::config {
namespace {

constexpr auto kNotAMapping = "a configuration file is a mapping of keys to values";

/// Follows the parser's events. Nothing is built from what is not understood, so that no alias is followed
/// and no depth costs anything.
class Reader final : public YAML::EventHandler {
  public:
    explicit Reader(YamlFile& file) : file_(file) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (document_count_++ == 1)
            complain(mark, "a second document, or something behind the first: a file holds one mapping");
        state_ = document_count_ == 1 ? State::root : State::ignored;
    }
    void OnDocumentEnd() override {}
    void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override { refuse_reference(mark); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        refuse_reference(mark);
        settle();
    }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        if (state_ == State::value && !is_group(key_)) refuse_kind("");
        if (state_ == State::value && is_group(key_)) begin_group();
        if (state_ == State::key) complain(mark, "a value without a key");
        settle();
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  const std::string& value) override {
        refuse_tag(mark, tag);
        switch (state_) {
            case State::key:
                key_ = prefix() + value;
                key_line_ = line_of(mark);
                state_ = State::value;
                return;
            case State::value:
                take(value);
                break;
            case State::root:
                complain(mark, kNotAMapping);
                break;
            case State::passed:
            case State::ignored:
                break;
        }
        settle();
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {
        refuse_tag(mark, tag);
        if (state_ == State::root) complain(mark, kNotAMapping);
        if (state_ == State::key) complain(mark, "a key must be a word, not a list");
        if (state_ == State::value) refuse_kind(", not a list");
        skip();
    }
    void OnSequenceEnd() override { leave(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {
        refuse_tag(mark, tag);
        if (state_ == State::root) return enter("");
        if (state_ == State::key) complain(mark, "a key must be a word, not a mapping");
        if (state_ == State::value && is_group(key_)) {
            begin_group();
            return enter(key_ + ".");
        }
        if (state_ == State::value) refuse_kind(", not a mapping");
        skip();
    }
    void OnMapEnd() override { leave(); }

  private:
    /// What the next node is: the document's root, a key, a key's value, that of a key that was refused, or
    /// nothing that counts.
    enum class State { root, key, value, passed, ignored };

    static int line_of(const YAML::Mark& mark) { return std::max(mark.line, 0) + 1; }
    std::string prefix() const { return prefixes_.empty() ? std::string() : prefixes_.back(); }

    void complain(const YAML::Mark& mark, std::string what) {
        file_.problems.push_back({std::move(what), line_of(mark)});
    }
    void complain_of_key(std::string what) { file_.problems.push_back({std::move(what), key_line_}); }

    void refuse_reference(const YAML::Mark& mark) {
        complain(mark, "anchors and aliases (& and *) are not used here: write the value itself");
    }
    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        // "?" and "!" stand for none on a plain and on a quoted value.
        if (!tag.empty() && tag != "?" && tag != "!")
            complain(mark, "tags such as !!str are not used here: write the value alone");
    }
    /// The key's value is no single one.
    void refuse_kind(const std::string& instead) {
        if (find_setting(key_) != nullptr) {
            complain_of_key(shown_key(key_) + " needs one value" + instead);
        } else if (is_group(key_)) {
            complain_of_key(base::quoted(key_) + " is a group: it needs keys below it" + instead);
        } else {
            complain_of_key("unknown key " + shown_key(key_) + nearest_key(key_));
        }
    }

    bool is_first(const std::string& key) {
        const auto [first, inserted] = lines_.emplace(key, key_line_);
        if (inserted) return true;
        const std::string kind = is_group(key) ? "the group " : "";
        complain_of_key(kind + shown_key(key) + " is given twice, first in line " +
                        std::to_string(first->second));
        return false;
    }
    void begin_group() { static_cast<void>(is_first(key_)); }
    void take(const std::string& value) {
        if (find_setting(key_) == nullptr) return refuse_kind("");
        if (is_first(key_)) file_.values.push_back({key_, value, key_line_});
    }

    /// The node is done: what comes next?
    void settle() {
        if (state_ == State::root) {
            state_ = State::ignored;
        } else if (state_ == State::key) {
            state_ = State::passed;
        } else if (state_ != State::ignored) {
            state_ = State::key;
        }
    }
    void enter(std::string prefix) {
        prefixes_.push_back(std::move(prefix));
        state_ = State::key;
    }
    void skip() {
        if (depth_++ == 0) before_ = std::exchange(state_, State::ignored);
    }
    void leave() {
        if (depth_ > 0) {
            if (--depth_ > 0) return;
            state_ = before_;
            settle();
        } else if (!prefixes_.empty()) {
            prefixes_.pop_back();
            state_ = prefixes_.empty() ? State::ignored : State::key;
        }
    }

    YamlFile& file_;
    State state_ = State::root;
    State before_ = State::root;
    std::vector<std::string> prefixes_;  ///< Of the groups around, the root's own first.
    std::string key_;
    int key_line_ = 0;
    int depth_ = 0;  ///< How deep within what is skipped.
    int document_count_ = 0;
    std::map<std::string, int, std::less<>> lines_;
};

/// Notes what no YAML may hold, said better than its parser does.
/// @return how much of the text is good, whole lines of it.
std::size_t check_characters(std::string_view text, YamlFile& file) {
    std::size_t good = text.size();
    int line = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        const auto row = text.substr(begin, end - begin);
        const auto indent = row.substr(0, row.find_first_not_of(" \t"));
        ++line;
        std::string what;
        if (row.find('\0') != std::string_view::npos) {
            what = "a NUL byte: save the file as UTF-8 text";
        } else if (!base::is_valid_utf8(row)) {
            what = "not UTF-8: save the file as UTF-8 text";
        } else if (indent.find('\t') != std::string_view::npos) {
            what = "a tab at the beginning of the line: YAML is indented with blanks";
        }
        if (!what.empty()) {
            good = std::min(good, begin);
            file.problems.push_back({std::move(what), line});
        }
        begin = end + 1;
    }
    return good;
}

}  // namespace

YamlFile parse_yaml(std::string_view text) {
    YamlFile file;
    const auto good = check_characters(text, file);
    const bool whole = good == text.size();
    std::istringstream stream{std::string(text.substr(0, good))};
    Reader reader(file);
    try {
        YAML::Parser parser(stream);
        // Not until it finds no more: of a stray comma it makes empty documents for ever.
        if (parser.HandleNextDocument(reader)) parser.HandleNextDocument(reader);
    } catch (const YAML::Exception& error) {
        // Of what was cut short the end is missing, which is not the file's fault.
        if (whole)
            file.problems.push_back({"not valid YAML: " + error.msg, std::max(error.mark.line, 0) + 1});
    }
    std::stable_sort(file.problems.begin(), file.problems.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    return file;
}

}  // namespace findme::config
