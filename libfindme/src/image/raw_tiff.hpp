#pragma once

#include "image/bytes.hpp"

namespace findme::image {

/// True for a TIFF that is a camera's raw photo (DNG, NEF, ARW, CR2 ...): by the first directory's tags and
/// those of the directories below it.
/// @pre  the bytes begin as a TIFF does; they may end anywhere.
[[nodiscard]] bool is_raw_tiff(Bytes bytes);

}  // namespace findme::image
