#include "image/tiff_file.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

namespace findme::image {

LibTiff::LibTiff() {
    library.bind(client_open, "TIFFClientOpenExt");
    library.bind(close, "TIFFClose");
    library.bind(options_alloc, "TIFFOpenOptionsAlloc");
    library.bind(options_free, "TIFFOpenOptionsFree");
    library.bind(options_set_max_alloc, "TIFFOpenOptionsSetMaxSingleMemAlloc");
    library.bind(options_set_error_handler, "TIFFOpenOptionsSetErrorHandlerExtR");
    library.bind(options_set_warning_handler, "TIFFOpenOptionsSetWarningHandlerExtR");
    library.bind(get_field, "TIFFGetField");
    library.bind(get_field_defaulted, "TIFFGetFieldDefaulted");
    library.bind(is_tiled, "TIFFIsTiled");
    library.bind(tile_size, "TIFFTileSize64");
    library.bind(strip_size, "TIFFStripSize64");
    library.bind(read_exif_directory, "TIFFReadEXIFDirectory");
    library.bind(rgba_ok, "TIFFRGBAImageOK");
    library.bind(rgba_begin, "TIFFRGBAImageBegin");
    library.bind(rgba_get, "TIFFRGBAImageGet");
    library.bind(rgba_end, "TIFFRGBAImageEnd");
}

const LibTiff& libtiff() {
    static const LibTiff loaded;
    return loaded;
}

TiffFile::TiffFile(Bytes bytes, std::size_t max_alloc_bytes) : bytes_(bytes) {
    const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(libtiff().options_alloc(),
                                                                               libtiff().options_free);
    if (options == nullptr) throw std::bad_alloc();
    libtiff().options_set_max_alloc(options.get(), static_cast<tmsize_t>(max_alloc_bytes));
    libtiff().options_set_error_handler(options.get(), on_message, this);
    libtiff().options_set_warning_handler(options.get(), on_message, this);
    tiff_ = libtiff().client_open(
        "photo", "r", this, on_read, [](thandle_t, void*, tmsize_t) { return tmsize_t{0}; }, on_seek,
        [](thandle_t) { return 0; }, on_size, on_map, [](thandle_t, void*, toff_t) {}, options.get());
}

TiffFile::~TiffFile() {
    if (tiff_ != nullptr) libtiff().close(tiff_);
}

std::string_view TiffFile::text_tag(std::uint32_t number) const {
    const char* text = nullptr;
    return libtiff().get_field(tiff_, number, &text) == 1 && text != nullptr ? std::string_view(text)
                                                                             : std::string_view();
}

int TiffFile::on_message(TIFF*, void* self, const char*, const char* format, std::va_list arguments) {
    auto& complaint = static_cast<TiffFile*>(self)->complaint_;
    if (complaint.empty()) {
        std::array<char, 160> text{};
        std::vsnprintf(text.data(), text.size(), format, arguments);
        complaint = text[0] != '\0' ? text.data() : "unknown damage";
    }
    return 1;  // Handled: libtiff does not go on to its global handler, which prints.
}

tmsize_t TiffFile::on_read(thandle_t self, void* to, tmsize_t size) {
    auto& file = *static_cast<TiffFile*>(self);
    if (size <= 0 || file.at_ >= file.bytes_.size()) return 0;
    const auto count =
        std::min(static_cast<std::size_t>(size), file.bytes_.size() - static_cast<std::size_t>(file.at_));
    std::memcpy(to, file.bytes_.data() + file.at_, count);
    file.at_ += count;
    return static_cast<tmsize_t>(count);
}

toff_t TiffFile::on_seek(thandle_t self, toff_t offset, int whence) {
    auto& file = *static_cast<TiffFile*>(self);
    // Offsets are unsigned and may wrap: a position past the end only makes the next read return nothing.
    if (whence == SEEK_SET) file.at_ = offset;
    if (whence == SEEK_CUR) file.at_ += offset;
    if (whence == SEEK_END) file.at_ = file.bytes_.size() + offset;
    return file.at_;
}

toff_t TiffFile::on_size(thandle_t self) {
    return static_cast<TiffFile*>(self)->bytes_.size();
}

int TiffFile::on_map(thandle_t self, void** base, toff_t* size) {
    // Spares libtiff a copy of each strip. It reads from a map only; the API has no const.
    const Bytes bytes = static_cast<TiffFile*>(self)->bytes_;
    *base = const_cast<std::uint8_t*>(bytes.data());
    *size = bytes.size();
    return 1;
}

}  // namespace findme::image
