// What observations of every kind begin and end with.
#pragma once

#include "json/writer.h"
#include "sample/person.h"
#include "sample/random.h"
#include "sample/visit.h"

namespace kiln::sample {

inline constexpr Coding kVitalSigns{"http://terminology.hl7.org/CodeSystem/observation-category",
                                    "vital-signs", "Vital Signs"};
inline constexpr Coding kLaboratory{"http://terminology.hl7.org/CodeSystem/observation-category",
                                    "laboratory", "Laboratory"};
inline constexpr Coding kSocialHistory{"http://terminology.hl7.org/CodeSystem/observation-category",
                                       "social-history", "Social History"};

/// Everything up to the value; the caller writes that and calls end_resource().
void begin_observation(json::Writer& out, const Person& person, const Visit& visit,
                       const Coding& category, const Coding& code, Random& random);

}  // namespace kiln::sample
