#include "findme/open_store.hpp"

#include <catch2/catch.hpp>
#include <chrono>

using namespace findme;
using namespace std::chrono_literals;

TEST_CASE("open store: the settings of the database reach those who open it", "[findme]") {
    Config config;
    config.database_wait_s = 42;
    config.database_pool_size = 3;
    config.database_pool_overflow = 4;
    config.database_pool_timeout_s = 5;
    config.database_pool_recycle_s = 6;
    const db::OpenOptions options = open_options_of(config);
    CHECK(options.patience == 42s);
    CHECK(options.pool_size == 3);
    CHECK(options.pool_overflow == 4);
    CHECK(options.checkout_timeout == 5s);
    CHECK(options.recycle_after == 6s);
    // Who links the library without a configuration gets the same as who has one that says nothing.
    CHECK(open_options_of({}).patience == db::OpenOptions{}.patience);
}
