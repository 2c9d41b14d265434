#include "base/vendor_library.hpp"

#include <dlfcn.h>

namespace findme::base {
namespace {

std::string last_loader_error() {
    const char* text = dlerror();
    return text != nullptr ? text : "unknown error of the loader";
}

/// Not left to the loader and its run path: that is the caller's, and a sanitizer's runtime stands between.
std::string beside_this(const char* file) {
    Dl_info here{};
    if (dladdr(reinterpret_cast<const void*>(&beside_this), &here) == 0 || here.dli_fname == nullptr)
        return file;
    const std::string object = here.dli_fname;
    return object.substr(0, object.find_last_of('/') + 1) + "findme/" + file;
}

}  // namespace

VendorLibrary VendorLibrary::of_findme(const char* file) {
    return VendorLibrary(beside_this(file));
}

VendorLibrary::VendorLibrary(const std::string& path) : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) why_not_ = last_loader_error();
}

void* VendorLibrary::find(const char* name) {
    if (handle_ == nullptr) return nullptr;
    void* symbol = dlsym(handle_, name);
    if (symbol == nullptr && why_not_.empty()) why_not_ = last_loader_error();
    return symbol;
}

}  // namespace findme::base
