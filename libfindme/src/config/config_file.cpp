#include "config/config_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/file_descriptor.hpp"
#include "base/text.hpp"

namespace findme::config {
namespace {

constexpr std::size_t kMaxConfigBytes = 1U << 20U;

ErrorInfo refusal(const std::string& path, const std::string& why) {
    return {ErrorCode::config_invalid, "cannot read " + base::quoted(path) + ": " + why, path};
}

}  // namespace

Result<ConfigText> read_config_file(const std::string& path, Named named) {
    const int wait = named == Named::by_convention ? O_NONBLOCK : 0;
    const base::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | wait));
    struct stat about {};
    if (!file.ok() || ::fstat(file.get(), &about) != 0)
        return refusal(path, std::generic_category().message(errno));
    if (S_ISDIR(about.st_mode)) return refusal(path, "it is a folder, name the file in it");
    const bool is_regular = S_ISREG(about.st_mode);
    if (named == Named::by_convention && !is_regular) return refusal(path, "it is not a regular file");

    ConfigText read;
    read.others_may_read = is_regular && (about.st_mode & (S_IRGRP | S_IROTH)) != 0;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refusal(path, std::generic_category().message(errno));
        if (got == 0) return read;
        read.text.append(buffer.data(), static_cast<std::size_t>(got));
        if (read.text.size() > kMaxConfigBytes)
            return refusal(path, "it holds more than " + std::to_string(kMaxConfigBytes) +
                                     " bytes, which is no configuration");
    }
}

}  // namespace findme::config
