#pragma once

#include <string>

namespace findme::base {

/// A shared library that is loaded when it is first needed: linked, it would cost every start of the tool the
/// loading of all that it brings along. It stays for the process's life.
class VendorLibrary {
  public:
    /// @param soname  as in `libheif.so.1`, found where the system's loader looks.
    explicit VendorLibrary(const char* soname) : VendorLibrary(std::string(soname)) {}
    /// A part of findme itself.
    /// @param file  in the folder `findme` beside what this code is linked into, wherever that is installed.
    static VendorLibrary of_findme(const char* file);

    /// Sets `function` to the library's symbol of that name; from a missing one on, usable() is false.
    template <typename Function>
    void bind(Function*& function, const char* name) {
        function = reinterpret_cast<Function*>(find(name));
    }

    [[nodiscard]] bool usable() const { return why_not_.empty(); }
    /// What the loader says is missing; empty where usable() is true.
    [[nodiscard]] const std::string& why_not() const { return why_not_; }

  private:
    explicit VendorLibrary(const std::string& path);
    void* find(const char* name);

    void* handle_;
    std::string why_not_;
};

}  // namespace findme::base
