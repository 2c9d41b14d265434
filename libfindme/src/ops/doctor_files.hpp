#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "findme/config.hpp"
#include "ops/doctor_check.hpp"

/// What `doctor` looks at on the file system.
namespace findme::ops {

/// Files the settings come from, and who may read a password in them.
/// @param password_file  the one libpq reads; empty: none is read.
void check_configuration(CheckRun& run, const LoadedConfig& config, const std::string& password_file);

/// Modes of an embedded database's file, of those beside it and of its folder.
/// @param path  of the database, absolute. @param own_folder  findme's own data folder: there alone the
///              folder's mode is findme's to set.
void check_file_modes(CheckRun& run, const std::string& path, const std::string& own_folder);
/// A log that nobody writes back.
/// @param write_back  of the connection at hand; false while another process is in the way.
void check_log_size(CheckRun& run, const std::string& path, const std::function<bool()>& write_back);

struct DiskSpace {
    std::string folder;  ///< As it was asked for.
    std::uint64_t total_bytes = 0;
    std::uint64_t available_bytes = 0;
    bool writable = true;
};
/// Of the folder or, while it is not there, of the nearest one above it.
/// @errors throws Error{file_unreadable}.
[[nodiscard]] DiskSpace disk_space_of(const std::string& folder);

void judge_disk(CheckRun& run, const DiskSpace& disk);

}  // namespace findme::ops
