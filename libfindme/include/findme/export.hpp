#pragma once

/// Marks what a client of the shared library may call; everything else stays hidden.
#define FINDME_API __attribute__((visibility("default")))
