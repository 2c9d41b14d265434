#include "db/postgresql_backend.hpp"

namespace findme::db {

const PostgresqlBackend& postgresql_backend() {
    static const auto& loaded =
        base::load_part<PostgresqlBackend>({"postgresql", "PostgreSQL cannot be used", "libpq and libpqxx"});
    return loaded;
}

}  // namespace findme::db
