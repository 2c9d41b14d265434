#include "support/clocked_database.hpp"

#include <utility>

namespace findme::testing {
namespace {

class ClockedConnection final : public db::Connection {
  public:
    ClockedConnection(std::shared_ptr<db::Connection> connection, const Clock& clock)
        : connection_(std::move(connection)), clock_(clock) {}

    using db::Connection::run;
    [[nodiscard]] db::Dialect dialect() const override { return connection_->dialect(); }
    std::int64_t run(std::string_view sql, std::span<const db::Value> parameters,
                     const db::RowVisitor& visit) override {
        return connection_->run(sql, parameters, visit);
    }
    void run_script(std::string_view sql) override { connection_->run_script(sql); }
    void begin(db::Access access) override { connection_->begin(access); }
    void commit() override { connection_->commit(); }
    void roll_back() override { connection_->roll_back(); }
    [[nodiscard]] std::unique_ptr<db::NamedLock> try_lock(std::string_view name) override {
        return connection_->try_lock(name);
    }
    [[nodiscard]] std::unique_ptr<db::NamedLock> try_shared_lock(std::string_view name) override {
        return connection_->try_shared_lock(name);
    }
    [[nodiscard]] Timestamp now() override { return clock_.now(); }
    bool scrub() override { return connection_->scrub(); }

  private:
    std::shared_ptr<db::Connection> connection_;
    const Clock& clock_;
};

}  // namespace

std::shared_ptr<db::Connection> ClockedDatabase::connect() {
    return std::make_shared<ClockedConnection>(database_.connect(), clock_);
}

}  // namespace findme::testing
