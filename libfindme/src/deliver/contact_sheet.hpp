#pragma once

#include "findme/config.hpp"
#include "findme/match.hpp"

namespace findme::deliver {

/// See Findme::draw_contact_sheet.
ContactSheetReport draw_contact_sheet(const MatchReport& report, const ContactSheetRequest& request,
                                      const ImageLimits& limits);

}  // namespace findme::deliver
