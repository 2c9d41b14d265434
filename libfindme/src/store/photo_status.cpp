#include "findme/photo.hpp"

namespace findme {

std::string_view to_string(PhotoStatus status) noexcept {
    switch (status) {
        case PhotoStatus::pending:
            return "PENDING";
        case PhotoStatus::processing:
            return "PROCESSING";
        case PhotoStatus::done:
            return "DONE";
        case PhotoStatus::failed:
            return "FAILED";
    }
    return "PENDING";
}

}  // namespace findme
