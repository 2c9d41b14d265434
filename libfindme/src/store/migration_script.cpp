#include "store/migration_script.hpp"

#include <sstream>
#include <string_view>

#include "base/text.hpp"
#include "findme/error.hpp"

namespace findme::store {
namespace {

constexpr std::string_view kDirective = "-- findme:";

bool is_identifier(std::string_view word) {
    return !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == word.npos;
}

/// Reads one file line by line; what is read so far is in `script`.
class Reader {
  public:
    explicit Reader(std::string name) : name_(std::move(name)) {}

    void read(const std::string& line) {
        ++line_number_;
        if (line.starts_with(kDirective)) {
            std::istringstream words(line.substr(kDirective.size()));
            obey(words);
        } else if (!base::trimmed(line).empty() && !line.starts_with("--")) {
            statement_seen_ = true;
            if (!script.transactional && script.pieces.empty())
                refuse("a statement stands before the first `piece`");
        }
        if (!script.pieces.empty()) script.pieces.back().sql += line + "\n";
    }

    MigrationScript script;

  private:
    [[noreturn]] void refuse(const std::string& why) const {
        throw Error(
            ErrorCode::config_invalid,
            "migration " + base::quoted(name_) + ", line " + std::to_string(line_number_) + ": " + why,
            name_);
    }

    std::string next_word(std::istringstream& words) {
        std::string word;
        words >> word;
        return word;
    }

    void obey(std::istringstream& words) {
        const std::string directive = next_word(words);
        if (directive == "no-transaction") {
            if (statement_seen_) refuse("`no-transaction` stands before every statement");
            script.transactional = false;
        } else if (directive == "piece") {
            begin_piece(words);
        } else if (directive == "destroys") {
            add_loss(words);
        } else {
            refuse("unknown directive " + base::quoted(directive) + " (no-transaction, piece, destroys)");
        }
        if (!next_word(words).empty()) refuse("too many words in a directive");
    }

    void begin_piece(std::istringstream& words) {
        if (script.transactional) refuse("only a `no-transaction` script has pieces");
        ScriptPiece piece;
        const std::string option = next_word(words);
        if (option == "index") {
            piece.index = next_word(words);
            if (!is_identifier(piece.index)) refuse("`index` is followed by the name of an index");
        } else if (option == "repeat") {
            piece.repeat = true;
        } else if (!option.empty()) {
            refuse("unknown option " + base::quoted(option) + " of a piece (repeat, index NAME)");
        }
        script.pieces.push_back(std::move(piece));
    }

    void add_loss(std::istringstream& words) {
        const std::string kind = next_word(words);
        const std::string object = next_word(words);
        const auto dot = object.find('.');
        const bool is_table = kind == "table" && is_identifier(object);
        const bool is_column = kind == "column" && dot != std::string::npos &&
                               is_identifier(std::string_view(object).substr(0, dot)) &&
                               is_identifier(std::string_view(object).substr(dot + 1));
        if (!is_table && !is_column)
            refuse("`destroys` is followed by `table NAME` or `column TABLE.COLUMN`");
        script.destroys.push_back(kind + " " + object);
    }

    std::string name_;
    int line_number_ = 0;
    bool statement_seen_ = false;
};

}  // namespace

MigrationScript parse_migration_script(const std::string& sql, const std::string& name) {
    Reader reader(name);
    std::istringstream lines(sql);
    for (std::string line; std::getline(lines, line);) reader.read(line);
    if (reader.script.transactional) {
        ScriptPiece whole;
        whole.sql = sql;
        reader.script.pieces.push_back(std::move(whole));
    }
    return std::move(reader.script);
}

std::string offline_sql(const ScriptPiece& piece) {
    constexpr std::string_view kConcurrently = " CONCURRENTLY";
    std::string sql = piece.sql;
    const auto at = sql.find(kConcurrently);
    if (!piece.index.empty() && at != std::string::npos) sql.erase(at, kConcurrently.size());
    return sql;
}

}  // namespace findme::store
