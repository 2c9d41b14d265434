#include "ops/metrics.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>

#include "findme/version.hpp"

namespace findme::ops {
namespace {

std::string number(double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return {digits.data(), end};
}

/// The text format, family by family.
class Exposition {
  public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_ += "# HELP " + name_ + " " + std::string(help) + "\n";
        text_ += "# TYPE " + name_ + " " + std::string(type) + "\n";
    }
    /// @param labels  as in `{code="200"}`.
    void sample(const std::string& value, const std::string& labels = {}) {
        text_ += name_ + labels + " " + value + "\n";
    }
    void gauge(std::string_view name, std::string_view help, double value) {
        family(name, "gauge", help);
        sample(number(value));
    }
    void counter(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, "counter", help);
        sample(std::to_string(value));
    }
    void gauge_if_known(std::string_view name, std::string_view help, std::optional<std::int64_t> value) {
        if (value) gauge(name, help, static_cast<double>(*value));
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string name_;
    std::string text_;
};

double seconds_on(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Since the machine started, or nothing where /proc is not to be read.
std::optional<double> start_since_boot() {
    constexpr int kStartTime = 22;  // Of the fields of proc_pid_stat(5), from 1.
    constexpr int kAfterName = 3;
    std::ifstream file("/proc/self/stat");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    // The name may hold blanks and parentheses.
    std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
    std::string field;
    for (int n = kAfterName; n <= kStartTime; ++n) fields >> field;
    std::uint64_t ticks = 0;
    if (!fields || std::from_chars(field.data(), field.data() + field.size(), ticks).ec != std::errc())
        return std::nullopt;
    return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::optional<std::int64_t> resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::int64_t all = 0;
    std::int64_t resident = 0;
    if (!(file >> all >> resident)) return std::nullopt;
    return resident * sysconf(_SC_PAGESIZE);
}

std::optional<std::int64_t> open_descriptors() {
    std::error_code error;
    std::int64_t count = 0;
    for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
         at.increment(error)) {
        ++count;
    }
    // One of them was the folder itself.
    return error ? std::nullopt : std::optional(count - 1);
}

void add_process(Exposition& out) {
    out.family("process_cpu_seconds_total", "counter", "Processor time used, user and system.");
    out.sample(number(seconds_on(CLOCK_PROCESS_CPUTIME_ID)));
    out.gauge_if_known("process_resident_memory_bytes", "Memory in use.", resident_bytes());
    out.gauge_if_known("process_open_fds", "Open file descriptors.", open_descriptors());
    const auto start = start_since_boot();
    if (!start) return;
    out.gauge("process_start_time_seconds", "When the process began, in seconds since 1970.",
              seconds_on(CLOCK_REALTIME) - seconds_on(CLOCK_BOOTTIME) + *start);
}

void add_database(Exposition& out, const DatabaseReading& database) {
    out.gauge("findme_database_up", "Whether the database answers.", database.connected ? 1 : 0);
    out.counter("findme_database_probes_total", "Times the database was asked whether it answers.",
                static_cast<std::uint64_t>(database.probes));
    out.counter("findme_database_probe_failures_total", "Times it did not.",
                static_cast<std::uint64_t>(database.failures));
    if (!database.connected) return;
    out.gauge("findme_database_probe_seconds", "What its last answer took.", database.took.count());
    out.gauge("findme_schema_version", "The highest migration applied.",
              static_cast<double>(database.facts.schema_version));
    out.gauge("findme_schema_current", "Whether the schema is the one of this release.",
              database.facts.schema_current ? 1 : 0);
    if (!database.counts) return;
    out.gauge_if_known("findme_users", "Accounts.", database.counts->users);
    out.gauge_if_known("findme_events", "Events.", database.counts->events);
    out.gauge_if_known("findme_photos", "Photos known.", database.counts->photos);
    out.gauge_if_known("findme_faces", "Faces found on photos.", database.counts->faces);
}

void add_models(Exposition& out, const std::vector<ModelCheck>& models) {
    out.family("findme_model_good", "gauge", "Whether a model file is there and the expected one.");
    for (const ModelCheck& model : models)
        out.sample(model.state == ModelState::good ? "1" : "0", "{model=\"" + model.model.id + "\"}");
}

}  // namespace

void Metrics::count_request(Endpoint endpoint, unsigned status) {
    const std::lock_guard lock(mutex_);
    ++requests_[{endpoint, status}];
}

std::string Metrics::render(const HealthView& view, std::size_t open_connections) const {
    Exposition out;
    out.family("findme_build_info", "gauge", "Which release this is.");
    out.sample("1", "{version=\"" + std::string(version()) + "\"}");
    out.gauge("findme_up", "Whether this process answers.", 1);
    add_database(out, view.database);
    if (view.models) add_models(out, *view.models);
    {
        const std::lock_guard lock(mutex_);
        out.family("findme_http_requests_total", "counter", "Requests answered.");
        for (const auto& [key, count] : requests_) {
            out.sample(std::to_string(count), "{code=\"" + std::to_string(key.second) + "\",endpoint=\"" +
                                                  std::string(to_string(key.first)) + "\"}");
        }
    }
    out.gauge("findme_http_connections", "Connections that are open.", static_cast<double>(open_connections));
    out.counter("findme_http_connections_refused_total", "Connections refused because there were too many.",
                refused_);
    out.counter("findme_http_connections_overdue_total",
                "Connections closed because a request did not come to its end in time.", overdue_);
    add_process(out);
    return out.text();
}

}  // namespace findme::ops
