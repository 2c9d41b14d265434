#pragma once

namespace findme::base {

/// What the table of a part begins with.
struct PartHeader {
    const char* version;  ///< Of findme: a part that another one left behind is not used.
};

/// What is said of a part that cannot be used.
struct PartName {
    const char* name;     ///< As in `libfindme-NAME.so`.
    const char* failure;  ///< What findme cannot do without it, as in `contact sheets cannot be drawn`.
    const char* needs;    ///< The libraries that it brings along.
};

/// A part of findme that links large libraries, in a shared object of its own: linked with the rest, they
/// would cost every start of the tool their loading, also those that have no use for them. It lies in a
/// folder `findme` beside libfindme, is called `libfindme-NAME.so` and defines one C symbol,
/// `findme_NAME_part`: a table of what it offers that begins with a PartHeader. Both sides come out of one
/// build, so C++ types and Error pass between them. It stays for the process's life.
/// @errors  throws Error{internal} where the part, or a library it needs, is missing or of another version.
/// @threads safe.
[[nodiscard]] const PartHeader& load_part(const PartName& part);

/// @tparam Table  what the part defines: derived from PartHeader, and nothing before it.
template <typename Table>
[[nodiscard]] const Table& load_part(const PartName& part) {
    return static_cast<const Table&>(load_part(part));
}

}  // namespace findme::base
