#include "sample/names.h"

namespace kiln::sample {
namespace {

constexpr std::string_view kFemale[] = {
    "Ada",    "Beatriz", "Chloé",  "Dorothea", "Elif",   "Fatima", "Grace",  "Hanna",
    "Imani",  "Júlia",   "Keiko",  "Lena",     "Maya",   "Noor",   "Olga",   "Priya",
    "Quinn",  "Rosa",    "Sofía",  "Tamar",    "Ursula", "Vera",   "Wanda",  "Ximena",
    "Yasmin", "Zoe",     "Amelia", "Bridget",  "Clara",  "Divya",  "Esther", "Freya",
};

constexpr std::string_view kMale[] = {
    "Aaron",   "Bruno",  "Carlos", "Dmitri", "Emeka",  "Felix",  "Giorgio", "Hugo",
    "Ivan",    "Jamal",  "Kenji",  "Luis",   "Mateo",  "Nils",   "Omar",    "Pavel",
    "Quentin", "René",   "Samuel", "Tomás",  "Umar",   "Viktor", "Walter",  "Xavier",
    "Yusuf",   "Zoltán", "Arjun",  "Björn",  "Connor", "David",  "Elias",   "Finn",
};

constexpr std::string_view kFamily[] = {
    "Abara",  "Bergström", "Castillo", "Dubois",     "Eriksen", "Fischer",  "Garcia",  "Haddad",
    "Ito",    "Jansen",    "Kowalski", "Lindgren",   "Moreau",  "Núñez",    "O'Brien", "Petrov",
    "Quispe", "Rossi",     "Sato",     "Tanaka",     "Usman",   "Vasquez",  "Weber",   "Xu",
    "Yılmaz", "Zhang",     "Adeyemi",  "Brown",      "Carter",  "Desai",    "Evans",   "Fontaine",
    "Green",  "Hughes",    "Ibrahim",  "Johnson",    "Khan",    "Larsson",  "Müller",  "Nguyen",
    "Okafor", "Patel",     "Reyes",    "Smith-Hale", "Torres",  "Van Dijk", "Walker",  "Young",
};

constexpr std::string_view kStreets[] = {
    "Alder Lane",   "Birch Street",  "Cedar Avenue",  "Dock Road",    "Elm Street",
    "Foundry Row",  "Glass Street",  "Harbor View",   "Ivy Close",    "Juniper Way",
    "Kiln Lane",    "Linden Avenue", "Mill Road",     "North Quay",   "Orchard Street",
    "Potter's Row", "Quarry Road",   "River Terrace", "Station Road", "Tannery Lane",
};

constexpr std::string_view kClinicKinds[] = {
    "Family Practice",
    "Community Hospital",
    "Health Center",
    "Medical Group",
};

constexpr Town kTowns[] = {
    {"Alderbrook", "MA", 1100, 422110, -725870},    {"Birchwater", "MA", 1400, 425510, -717930},
    {"Claypoint", "ME", 4200, 437460, -700010},     {"Dunmere", "VT", 5300, 436120, -728940},
    {"Eastkiln", "MA", 2300, 419850, -709100},      {"Fernhollow", "NH", 3200, 430980, -714410},
    {"Glazier's Bay", "RI", 2800, 416010, -714300}, {"Harrowfield", "CT", 6400, 414280, -729300},
    {"Ironbridge", "NY", 12100, 427090, -737600},   {"Juniper Falls", "NH", 3500, 441100, -716000},
    {"Kestrel Hill", "VT", 5600, 442900, -725100},  {"Lindenport", "CT", 6300, 413100, -722500},
};

}  // namespace

std::span<const std::string_view> female_names() { return kFemale; }
std::span<const std::string_view> male_names() { return kMale; }
std::span<const std::string_view> family_names() { return kFamily; }
std::span<const std::string_view> streets() { return kStreets; }
std::span<const std::string_view> clinic_kinds() { return kClinicKinds; }
std::span<const Town> towns() { return kTowns; }

}  // namespace kiln::sample
