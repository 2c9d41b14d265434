#include "support/test_database.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "store/schema.hpp"

namespace findme::testing {

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "findme.XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<db::Dialect> available_databases() {
    return {db::Dialect::sqlite};
}

TestDatabase::TestDatabase(db::Dialect dialect, Schema schema) {
    if (dialect != db::Dialect::sqlite) throw std::runtime_error("no such database in the tests");
    url_ = "sqlite:" + file();
    database_ = db::open_database(url_, db::IfMissing::create);
    if (schema == Schema::current) store::initialise_schema(*connect(), FixedClock());
}

}  // namespace findme::testing
