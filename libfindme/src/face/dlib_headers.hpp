#pragma once

/// Comes before any other header of dlib: of dlib the headers alone are used. libdlib, and the BLAS and
/// LAPACK that its matrices would call, take longer to load than all else of findme, some start threads when
/// they are loaded, and what is left to multiply with them is two by two.
/// @source dlib 19.24: assert.h takes in config.h, once; the other is a check that both halves of dlib are of
///         one release, which asks for the library.
#include <dlib/assert.h>
#define DLIB_TEST_FOR_ODR_VIOLATIONS_H_
#undef DLIB_USE_BLAS
#undef DLIB_USE_LAPACK
