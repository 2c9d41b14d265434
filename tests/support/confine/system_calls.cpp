#include "support/confine/system_calls.hpp"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>

namespace findme::confine {
namespace {

using Names = std::set<std::string>;

void must(int result, const std::string& what) {
    if (result < 0) throw std::runtime_error(what + ": " + std::strerror(result == -1 ? errno : -result));
}

/// One seccomp filter. Like systemd, each setting loads its own: the strictest answer of all counts.
class Filter {
  public:
    Filter(const UnitFile& unit, std::uint32_t otherwise)
        : context_(seccomp_init(otherwise), &seccomp_release) {
        if (!context_) throw std::runtime_error("libseccomp makes no filter");
        // Whether new privileges are out of reach is the unit's to say.
        must(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_NNP, 0), "no_new_privs");
        const bool native_only = unit.last("SystemCallArchitectures") == "native";
        must(seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH,
                              native_only ? SCMP_ACT_KILL : SCMP_ACT_ALLOW),
             "SystemCallArchitectures");
    }

    /// The name may be one that this architecture, or this libseccomp, does not have.
    void add(std::uint32_t action, const std::string& name, std::vector<scmp_arg_cmp> when = {}) {
        const int number = seccomp_syscall_resolve_name(name.c_str());
        if (number < 0) return;
        must(seccomp_rule_add_array(context_.get(), action, number, static_cast<unsigned>(when.size()),
                                    when.data()),
             name);
    }

    void load() { must(seccomp_load(context_.get()), "loading a filter"); }

  private:
    std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
};

scmp_arg_cmp has_bits(unsigned argument, std::uint64_t bits) {
    return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = bits};
}

scmp_arg_cmp compares(unsigned argument, scmp_compare how, std::uint64_t value) {
    return {.arg = argument, .op = how, .datum_a = value, .datum_b = 0};
}

std::map<std::string, std::vector<std::string>> systemd_groups() {
    std::map<std::string, std::vector<std::string>> groups;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(
        popen("systemd-analyze --no-pager syscall-filter 2> /dev/null", "r"), &pclose);
    if (!pipe) throw std::runtime_error("systemd-analyze cannot be started");
    std::array<char, 512> buffer{};
    std::string group;
    while (std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) {
        const std::string line = buffer.data();
        const auto words = split_words(line);
        if (words.empty() || words.front().front() == '#') continue;
        if (line.front() == '@') {
            group = words.front();
        } else {
            groups[group].push_back(words.front());
        }
    }
    if (groups.count("@system-service") == 0 || groups.count("@known") == 0)
        throw std::runtime_error("systemd-analyze names no groups of system calls");
    return groups;
}

class SystemCalls {
  public:
    /// The members of a group, of its groups, or the one call that is named.
    [[nodiscard]] Names of(const std::string& name) const {
        if (name.front() != '@') return {name};
        Names names;
        for (const auto& member : groups_.at(name)) names.merge(of(member));
        return names;
    }

    /// What the lines of a SystemCallFilter= that begins with what is allowed leave.
    [[nodiscard]] Names allowed_by(const std::vector<std::string>& lines) const {
        Names allowed = of("@default");
        for (const auto& line : lines) {
            const bool takes_away = line.front() == '~';
            for (const auto& word : split_words(line.substr(takes_away ? 1 : 0))) {
                for (const auto& name : of(word)) {
                    if (takes_away) {
                        allowed.erase(name);
                    } else {
                        allowed.insert(name);
                    }
                }
            }
        }
        return allowed;
    }

  private:
    std::map<std::string, std::vector<std::string>> groups_ = systemd_groups();
};

/// OpenBLAS, where it is a machine's BLAS, asks for memory near its processor, and goes on without.
bool takes_no_for_an_answer(const std::string& call) {
    return call == "mbind";
}

std::optional<Filter> system_call_filter(const UnitFile& unit, Refusal refusal) {
    const auto lines = unit.all("SystemCallFilter");
    if (lines.empty()) return std::nullopt;
    if (lines.front().front() == '~')
        throw std::runtime_error("SystemCallFilter= has to begin with what it allows");
    if (unit.last("SystemCallErrorNumber") != "EPERM")
        throw std::runtime_error("SystemCallErrorNumber= is EPERM or not understood");
    const SystemCalls calls;
    const Names allowed = calls.allowed_by(lines);
    // systemd lets a call that it has never heard of look like one that the kernel has not.
    Filter filter(unit, SCMP_ACT_ERRNO(ENOSYS));
    const auto refused = refusal == Refusal::end_the_process ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
    for (const auto& name : calls.of("@known")) {
        if (allowed.count(name) != 0) {
            filter.add(SCMP_ACT_ALLOW, name);
        } else {
            filter.add(takes_no_for_an_answer(name) ? SCMP_ACT_ERRNO(EPERM) : refused, name);
        }
    }
    return filter;
}

void restrict_address_families(const UnitFile& unit) {
    const std::map<std::string, std::uint64_t> known = {
        {"AF_UNIX", AF_UNIX}, {"AF_INET", AF_INET}, {"AF_INET6", AF_INET6}};
    std::set<std::uint64_t> allowed;
    for (const auto& line : unit.all("RestrictAddressFamilies")) {
        for (const auto& word : split_words(line)) allowed.insert(known.at(word));
    }
    if (allowed.empty()) return;
    Filter filter(unit, SCMP_ACT_ALLOW);
    const auto refused = SCMP_ACT_ERRNO(EAFNOSUPPORT);
    filter.add(refused, "socket", {compares(0, SCMP_CMP_LT, *allowed.begin())});
    filter.add(refused, "socket", {compares(0, SCMP_CMP_GT, *allowed.rbegin())});
    for (auto family = *allowed.begin(); family < *allowed.rbegin(); ++family) {
        if (allowed.count(family) == 0) filter.add(refused, "socket", {compares(0, SCMP_CMP_EQ, family)});
    }
    filter.load();
}

void deny_write_execute(const UnitFile& unit) {
    if (!unit.is_on("MemoryDenyWriteExecute")) return;
    Filter filter(unit, SCMP_ACT_ALLOW);
    const auto refused = SCMP_ACT_ERRNO(EPERM);
    filter.add(refused, "mmap", {has_bits(2, PROT_EXEC | PROT_WRITE)});
    filter.add(refused, "mprotect", {has_bits(2, PROT_EXEC)});
    filter.add(refused, "pkey_mprotect", {has_bits(2, PROT_EXEC)});
    filter.add(refused, "shmat", {has_bits(2, SHM_EXEC)});
    filter.load();
}

void restrict_realtime(const UnitFile& unit) {
    if (!unit.is_on("RestrictRealtime")) return;
    Filter filter(unit, SCMP_ACT_ALLOW);
    const auto refused = SCMP_ACT_ERRNO(EPERM);
    const std::set<std::uint64_t> allowed = {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE};
    for (std::uint64_t policy = 0; policy < SCHED_IDLE; ++policy) {
        if (allowed.count(policy) == 0)
            filter.add(refused, "sched_setscheduler", {compares(1, SCMP_CMP_EQ, policy)});
    }
    filter.add(refused, "sched_setscheduler", {compares(1, SCMP_CMP_GT, SCHED_IDLE)});
    filter.load();
}

void restrict_suid_sgid(const UnitFile& unit) {
    if (!unit.is_on("RestrictSUIDSGID")) return;
    Filter filter(unit, SCMP_ACT_ALLOW);
    const auto refused = SCMP_ACT_ERRNO(EPERM);
    for (const std::uint64_t bit : {S_ISUID, S_ISGID}) {
        for (const char* name : {"chmod", "fchmod", "mkdir", "mknod", "creat"})
            filter.add(refused, name, {has_bits(1, bit)});
        for (const char* name : {"fchmodat", "mkdirat", "mknodat"})
            filter.add(refused, name, {has_bits(2, bit)});
        filter.add(refused, "open", {has_bits(1, O_CREAT), has_bits(2, bit)});
        filter.add(refused, "openat", {has_bits(2, O_CREAT), has_bits(3, bit)});
    }
    // Its mode lies where no filter can look.
    filter.add(SCMP_ACT_ERRNO(ENOSYS), "openat2");
    filter.load();
}

void lock_personality(const UnitFile& unit) {
    if (!unit.is_on("LockPersonality")) return;
    constexpr unsigned long kOnlyAsk = 0xffffffff;
    const int now = personality(kOnlyAsk);
    must(now, "personality");
    Filter filter(unit, SCMP_ACT_ALLOW);
    filter.add(SCMP_ACT_ERRNO(EPERM), "personality", {compares(0, SCMP_CMP_NE, static_cast<unsigned>(now))});
    filter.load();
}

void restrict_namespaces(const UnitFile& unit) {
    if (!unit.is_on("RestrictNamespaces")) return;
    Filter filter(unit, SCMP_ACT_ALLOW);
    const auto refused = SCMP_ACT_ERRNO(EPERM);
    // Its flags lie where no filter can look; the C library falls back to clone.
    filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
    filter.add(refused, "setns");
    for (const std::uint64_t flag : {CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID,
                                     CLONE_NEWUSER, CLONE_NEWUTS}) {
        filter.add(refused, "unshare", {has_bits(0, flag)});
        filter.add(refused, "clone", {has_bits(0, flag)});
    }
    filter.load();
}

}  // namespace

void restrict_system_calls(const UnitFile& unit, Refusal refusal) {
    auto system_calls = system_call_filter(unit, refusal);
    if (unit.is_on("NoNewPrivileges")) must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    restrict_address_families(unit);
    deny_write_execute(unit);
    restrict_realtime(unit);
    restrict_suid_sgid(unit);
    lock_personality(unit);
    restrict_namespaces(unit);
    // Last, as systemd does: the others still need to load theirs.
    if (system_calls) system_calls->load();
}

}  // namespace findme::confine
