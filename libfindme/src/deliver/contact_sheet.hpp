#pragma once

#include "findme/config.hpp"
#include "findme/match.hpp"
#include "findme/output_file.hpp"

namespace findme::deliver {

/// See Findme::draw_contact_sheet.
ContactSheetReport draw_contact_sheet(const MatchReport& report, const OutputFile& file,
                                      const ContactSheetRequest& request, const ImageLimits& limits);

}  // namespace findme::deliver
