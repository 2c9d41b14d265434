// Fuzz target: any bytes in a configuration file are understood or refused with config_invalid.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>

#include "base/file.hpp"
#include "findme/config.hpp"
#include "findme/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::string path =
        (std::filesystem::temp_directory_path() / ("findme_fuzz_config." + std::to_string(::getpid())))
            .string();
    findme::base::write_file_atomically(path, std::span<const std::uint8_t>(data, size));
    try {
        const auto loaded = findme::load_config({}, path, {});
        if (loaded.entries.empty()) std::abort();
    } catch (const findme::Error& error) {
        if (error.code() != findme::ErrorCode::config_invalid) std::abort();
    }
    std::filesystem::remove(path);
    return 0;
}
