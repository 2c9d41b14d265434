#include "csv.hpp"

namespace findme::cli {
namespace {

/// Goes over a document once, character by character.
class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {
        constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
        if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    }

    CsvDocument parse() {
        while (at_ < text_.size()) read_row();
        return std::move(document_);
    }

  private:
    void read_row() {
        row_ = {line_, {}};
        problem_.clear();
        for (;;) {
            read_field();
            if (at_ >= text_.size() || text_[at_] != ',') break;
            ++at_;
        }
        skip_line_end();
        if (!problem_.empty()) {
            const std::string subject = "line " + std::to_string(row_.line);
            document_.problems.push_back({ErrorCode::invalid_argument, subject + ": " + problem_, subject});
            return;
        }
        const bool is_empty = row_.fields.size() == 1 && row_.fields.front().empty();
        if (!is_empty) document_.rows.push_back(std::move(row_));
    }

    void read_field() {
        std::string field;
        if (at_ < text_.size() && text_[at_] == '"') {
            read_quoted(field);
            if (at_ < text_.size() && !is_field_end()) {
                problem_ = "there is text behind a closing quote (a quote within quotes is written twice)";
                while (at_ < text_.size() && !is_field_end()) ++at_;
            }
        } else {
            while (at_ < text_.size() && !is_field_end()) {
                if (text_[at_] == '"') problem_ = "there is a quote in a field that does not begin with one";
                field += text_[at_++];
            }
        }
        row_.fields.push_back(std::move(field));
    }

    void read_quoted(std::string& field) {
        ++at_;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\n') ++line_;
            if (text_[at_] != '"') {
                field += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                field += text_[at_++];
            } else {
                ++at_;
                return;
            }
        }
        problem_ = "a quote is opened and never closed";
    }

    [[nodiscard]] bool is_field_end() const {
        const char c = text_[at_];
        return c == ',' || c == '\n' || (c == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n'));
    }

    void skip_line_end() {
        if (at_ < text_.size() && text_[at_] == '\r') ++at_;
        if (at_ < text_.size() && text_[at_] == '\n') {
            ++at_;
            ++line_;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::int64_t line_ = 1;
    CsvRow row_;
    std::string problem_;
    CsvDocument document_;
};

}  // namespace

CsvDocument parse_csv(std::string_view text) {
    return Parser(text).parse();
}

std::string csv_field(std::string_view value) {
    const bool plain = value.find_first_of(",\"\r\n") == std::string_view::npos &&
                       (value.empty() || (value.front() != ' ' && value.back() != ' '));
    if (plain) return std::string(value);
    std::string quoted = "\"";
    for (const char c : value) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string csv_row(const std::vector<std::string>& fields) {
    std::string row;
    for (std::size_t i = 0; i < fields.size(); ++i) row += (i == 0 ? "" : ",") + csv_field(fields[i]);
    return row + "\r\n";
}

}  // namespace findme::cli
