#include "base/part.hpp"

#include <string>
#include <string_view>

#include "base/vendor_library.hpp"
#include "findme/error.hpp"

namespace findme::base {

const PartHeader& load_part(const PartName& part) {
    const std::string name = part.name;
    const std::string file = "libfindme-" + name + ".so";
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::internal, std::string(part.failure) + ": " + why +
                                             " (install findme " FINDME_VERSION " again, and " + part.needs +
                                             ")");
    };
    auto library = VendorLibrary::of_findme(file.c_str());
    const PartHeader* header = nullptr;
    library.bind(header, ("findme_" + name + "_part").c_str());
    if (!library.usable()) refuse(library.why_not());
    if (header->version != std::string_view(FINDME_VERSION))
        refuse(file + " is of findme " + header->version);
    return *header;
}

}  // namespace findme::base
