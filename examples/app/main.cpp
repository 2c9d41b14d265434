// Opens a database, makes an event, lists the events, and shows both ways of hearing of a failure.
#include <findme/findme.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: app FOLDER\n";
        return 2;
    }
    const std::string folder = argv[1];
    try {
        findme::Config config;
        config.database_url = "sqlite:" + folder + "/app.db";
        findme::Findme findme(config, folder);  // The database is made when it is not there.

        // One bad item is a value: a date that does not exist is asked, not caught.
        const auto wrong = findme::date_from_iso8601("2026-02-30");
        if (!wrong) std::cout << "as a value: " << wrong.error().message << '\n';
        const auto date = findme::date_from_iso8601("2026-06-20").value();  // value() throws instead.

        findme::EventRequest request;
        request.name = "Summer party";
        request.code = "SUMMER";
        request.date = date;
        findme.events().create(request);
        for (const auto& event : findme.events().list()) {
            std::cout << event.code << "  " << event.name << "  " << findme.events().counts(event.id).photos
                      << " photos\n";
        }

        // An operation that cannot be done is an exception, with a code to act on and a sentence to show.
        findme.events().create(request);
    } catch (const findme::Error& error) {
        if (error.code() != findme::ErrorCode::already_exists) {
            std::cerr << "app: " << error.what() << '\n';
            return 1;
        }
        std::cout << "as an exception: " << findme::to_string(error.code()) << ", " << error.what() << '\n';
    }
    return 0;
}
