// A part of another findme, for part_test.cpp.
#include "base/part.hpp"

extern "C" {
[[gnu::visibility("default")]] extern const findme::base::PartHeader findme_foreign_part;
const findme::base::PartHeader findme_foreign_part{"0.0.0"};
}
