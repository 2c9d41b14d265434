#pragma once

#include <tiffio.h>

#include <cstdarg>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/vendor_library.hpp"
#include "image/bytes.hpp"

namespace findme::image {

/// libtiff's functions.
struct LibTiff {
    base::VendorLibrary library{"libtiff.so.6"};
    decltype(&TIFFClientOpenExt) client_open = nullptr;
    decltype(&TIFFClose) close = nullptr;
    decltype(&TIFFOpenOptionsAlloc) options_alloc = nullptr;
    decltype(&TIFFOpenOptionsFree) options_free = nullptr;
    decltype(&TIFFOpenOptionsSetMaxSingleMemAlloc) options_set_max_alloc = nullptr;
    decltype(&TIFFOpenOptionsSetErrorHandlerExtR) options_set_error_handler = nullptr;
    decltype(&TIFFOpenOptionsSetWarningHandlerExtR) options_set_warning_handler = nullptr;
    decltype(&TIFFGetField) get_field = nullptr;
    decltype(&TIFFGetFieldDefaulted) get_field_defaulted = nullptr;
    decltype(&TIFFIsTiled) is_tiled = nullptr;
    decltype(&TIFFTileSize64) tile_size = nullptr;
    decltype(&TIFFStripSize64) strip_size = nullptr;
    decltype(&TIFFReadEXIFDirectory) read_exif_directory = nullptr;
    decltype(&TIFFRGBAImageOK) rgba_ok = nullptr;
    decltype(&TIFFRGBAImageBegin) rgba_begin = nullptr;
    decltype(&TIFFRGBAImageGet) rgba_get = nullptr;
    decltype(&TIFFRGBAImageEnd) rgba_end = nullptr;

    LibTiff();
};

/// Loaded by the first TIFF; call nothing of it unless its library is usable.
[[nodiscard]] const LibTiff& libtiff();

/// A TIFF in memory, open at its first directory. libtiff's messages go to this object, not to stderr, and no
/// global handler is touched. Not for concurrent use. Precondition: libtiff is usable.
class TiffFile {
  public:
    /// @param max_alloc_bytes  the most libtiff may allocate in one piece.
    TiffFile(Bytes bytes, std::size_t max_alloc_bytes);
    TiffFile(const TiffFile&) = delete;
    TiffFile& operator=(const TiffFile&) = delete;
    ~TiffFile();

    [[nodiscard]] bool is_open() const { return tiff_ != nullptr; }
    [[nodiscard]] TIFF* get() const { return tiff_; }

    /// A tag of the current directory, with libtiff's default where the file has none; `fallback` where there
    /// is none.
    template <typename T>
    [[nodiscard]] T tag(std::uint32_t number, T fallback) const {
        T value{};
        return libtiff().get_field_defaulted(tiff_, number, &value) == 1 ? value : fallback;
    }
    [[nodiscard]] std::string_view text_tag(std::uint32_t number) const;

    /// True when libtiff complained since the last forget_complaints(). Warnings count: while pixels are
    /// read, a warning (premature end of JPEG data, short rows) means invented pixels.
    [[nodiscard]] bool complained() const { return !complaint_.empty(); }
    [[nodiscard]] const std::string& complaint() const { return complaint_; }
    void forget_complaints() { complaint_.clear(); }

  private:
    static int on_message(TIFF*, void* self, const char* module, const char* format, std::va_list arguments);
    static tmsize_t on_read(thandle_t self, void* to, tmsize_t size);
    static toff_t on_seek(thandle_t self, toff_t offset, int whence);
    static toff_t on_size(thandle_t self);
    static int on_map(thandle_t self, void** base, toff_t* size);

    Bytes bytes_;
    std::uint64_t at_ = 0;
    std::string complaint_;  ///< The first one: those after it tend to be consequences.
    TIFF* tiff_ = nullptr;
};

}  // namespace findme::image
