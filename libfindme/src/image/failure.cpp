#include "image/failure.hpp"

#include <algorithm>
#include <string>

namespace findme::image {
namespace {

std::string printable(std::string_view text) {
    std::string out(text);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return out;
}

}  // namespace

ErrorInfo malformed(std::string_view format, std::string_view why) {
    return {.code = ErrorCode::image_malformed,
            .message = "is a damaged " + std::string(format) + " (" + printable(why) +
                       "): copy it again from the camera or ask for the original"};
}

ErrorInfo unsupported(std::string_view what) {
    return {.code = ErrorCode::image_unsupported,
            .message = "is " + printable(what) +
                       ", which findme does not decode (convert it to a plain JPEG, PNG, WebP or TIFF)"};
}

ErrorInfo no_decoder(std::string_view what, std::string_view library, const base::VendorLibrary& loaded,
                     std::string_view package) {
    return {.code = ErrorCode::image_unsupported,
            .message = "is " + std::string(what) + ", and " + std::string(library) +
                       ", which decodes it, cannot be loaded: " + printable(loaded.why_not()) +
                       " (install the package " + std::string(package) + ")"};
}

ErrorInfo too_large(std::string_view why) {
    return {.code = ErrorCode::image_too_large, .message = printable(why)};
}

}  // namespace findme::image
