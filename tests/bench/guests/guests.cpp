// An event's doors open: as many guests as wanted register with a selfie and a password at one instant,
// served by one process through the library. Beside it, their passwords' hashes alone on the same cores: what
// nobody can do without. The models are loaded and one guest is served before the clock starts. Prints one
// JSON line.
//
//   guests DATABASE_URL MODELS_DIR SELFIE EVENT_CODE GUESTS
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "access/password_hash.hpp"
#include "findme/findme.hpp"

namespace {

using namespace findme;

constexpr const char* kPassword = "Orbit-Lampe-Wolke-42";

/// Milliseconds from the moment all threads may begin until the last has done all of its share.
double together_ms(int threads, const std::function<void(int)>& work) {
    std::chrono::steady_clock::time_point start;
    std::barrier begin(threads, [&]() noexcept { start = std::chrono::steady_clock::now(); });
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&, i] {
            begin.arrive_and_wait();
            work(i);
        });
    }
    running.clear();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double hashes_ms(int count) {
    const auto cores = static_cast<int>(std::thread::hardware_concurrency());
    std::atomic<int> next = 0;
    return together_ms(cores, [&](int) {
        while (next++ < count) static_cast<void>(access::hash_password(kPassword));
    });
}

void register_guest(Findme& findme, const std::string& name, const std::string& selfie,
                    const std::string& event) {
    Registration guest;
    guest.username = name;
    guest.email = name + "@example.org";
    guest.event_code = event;
    guest.password = Secret(kPassword);
    guest.selfies = {selfie};
    guest.consent_version = "v1";
    findme.accounts().add(std::move(guest));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: guests DATABASE_URL MODELS_DIR SELFIE EVENT_CODE GUESTS\n");
        return 2;
    }
    try {
        Config config;
        config.database_url = argv[1];
        config.models_dir = argv[2];
        const std::string selfie = argv[3];
        const std::string event = argv[4];
        const int count = std::stoi(argv[5]);
        Findme findme(config, "/nonexistent");
        register_guest(findme, "first", selfie, event);
        const double hashes = hashes_ms(count);
        std::atomic<int> failed = 0;
        const double library = together_ms(count, [&](int i) {
            try {
                register_guest(findme, "guest" + std::to_string(i), selfie, event);
            } catch (const std::exception& error) {
                std::fprintf(stderr, "guests: %s\n", error.what());
                ++failed;
            }
        });
        std::printf(R"({"hashes_ms":%.1f,"library_ms":%.1f,"failed":%d})"
                    "\n",
                    hashes, library, failed.load());
        return failed == 0 ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "guests: %s\n", error.what());
        return 1;
    }
}
