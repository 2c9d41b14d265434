#include "ops/doctor_mend.hpp"

#include <unistd.h>

#include "store/audit_repository.hpp"

namespace findme::ops {

std::string doctor_actor() {
    return "doctor:uid=" + std::to_string(::getuid());
}

void mend_rows(db::Connection& connection, const std::string& check,
               const std::function<std::int64_t(db::Connection&)>& work) {
    db::Transaction transaction(connection, db::Access::write);
    const std::int64_t rows = work(connection);
    if (rows > 0) {
        store::AuditRepository(connection)
            .append(
                {doctor_actor(), "doctor.mended", "", "check=" + check + " rows=" + std::to_string(rows)});
    }
    transaction.commit();
}

}  // namespace findme::ops
