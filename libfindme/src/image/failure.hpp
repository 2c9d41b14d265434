#pragma once

#include <string_view>

#include "base/vendor_library.hpp"
#include "findme/error.hpp"

namespace findme::image {

// Messages are verb phrases without the file's name: decoding sees bytes only, the caller says whose they
// were.

/// `is a damaged JPEG (premature end): ask for the original`. `why` may come from a vendor; bytes outside
/// printable ASCII are replaced.
[[nodiscard]] ErrorInfo malformed(std::string_view format, std::string_view why);

/// `is a GIF file, which findme does not decode (convert it to ...)`. `what` carries its article.
[[nodiscard]] ErrorInfo unsupported(std::string_view what);

/// `is a raw photo, and LibRaw, which decodes it, cannot be loaded: ... (install the package libraw20)`.
[[nodiscard]] ErrorInfo no_decoder(std::string_view what, std::string_view library,
                                   const base::VendorLibrary& loaded, std::string_view package);

/// Over a limit; `why` names the limit and the key that raises it.
[[nodiscard]] ErrorInfo too_large(std::string_view why);

}  // namespace findme::image
