#include "support/confine/surroundings.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace findme::confine {
namespace {

void must(int result, const std::string& what) {
    if (result < 0) throw std::runtime_error(what + ": " + std::strerror(errno));
}

void set_read_only(const std::string& path, bool on, unsigned flags = 0) {
    mount_attr attributes{};
    (on ? attributes.attr_set : attributes.attr_clr) = MOUNT_ATTR_RDONLY;
    must(mount_setattr(AT_FDCWD, path.c_str(), flags, &attributes, sizeof attributes),
         "mount_setattr " + path);
}

void protect_files(const UnitFile& unit, const std::vector<std::string>& writable) {
    must(unshare(CLONE_NEWNS), "a mount namespace");
    must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "making mounts private");
    if (unit.last("ProtectSystem") == "strict") {
        for (const auto& path : writable) {
            must(mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), "binding " + path);
        }
        set_read_only("/", true, AT_RECURSIVE);
        for (const auto& path : writable) set_read_only(path, false);
        set_read_only("/proc", false);
    }
    if (unit.last("ProcSubset") == "pid") {
        const std::string options = "subset=pid,hidepid=" + unit.last("ProtectProc");
        must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, options.c_str()),
             "mounting /proc");
    }
}

void write_to(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    if (!file) throw std::runtime_error("cannot write " + path);
}

/// Files of root are this user's, and nothing else is.
void become_a_user() {
    must(unshare(CLONE_NEWUSER), "a user namespace");
    write_to("/proc/self/setgroups", "deny");
    write_to("/proc/self/uid_map", "1000 0 1");
    write_to("/proc/self/gid_map", "1000 0 1");
}

}  // namespace

void restrict_surroundings(const UnitFile& unit, const std::vector<std::string>& writable) {
    if (geteuid() == 0) {
        protect_files(unit, writable);
        become_a_user();
    }
    if (unit.has("CapabilityBoundingSet")) {
        if (!unit.last("CapabilityBoundingSet").empty())
            throw std::runtime_error("CapabilityBoundingSet= is empty or not understood");
        for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
            // Whoever has none can also get none: there is no set-user-ID without new privileges.
            if (prctl(PR_CAPBSET_DROP, capability) < 0 && errno != EPERM) must(-1, "dropping a capability");
        }
    }
    const auto mask = unit.last("UMask");
    if (!mask.empty()) umask(static_cast<mode_t>(std::stoul(mask, nullptr, 8)));
    must(chdir("/"), "/");
}

}  // namespace findme::confine
