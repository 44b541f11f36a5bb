#include "app/sample/codes.h"

namespace kiln::app::sample {
namespace {

constexpr Coding kNone{};
constexpr Coding kAcetaminophen{kRxNorm, "313782", "Acetaminophen 325 MG Oral Tablet"};
constexpr Coding kIbuprofen{kRxNorm, "310965", "Ibuprofen 200 MG Oral Tablet"};
constexpr Coding kAmoxicillin{kRxNorm, "308182", "Amoxicillin 250 MG Oral Capsule"};
constexpr Coding kPenicillin{kRxNorm, "834061", "Penicillin V Potassium 250 MG Oral Tablet"};

constexpr Illness kChronic[] = {
    {{kSnomed, kHypertension, "Essential hypertension (disorder)"}, 30, 120, 270, 0, false,
     {kRxNorm, "314076", "lisinopril 10 MG Oral Tablet"}, "1 tablet in the morning", 1},
    {{kSnomed, kDiabetes, "Diabetes mellitus type 2 (disorder)"}, 35, 120, 150, 0, false,
     {kRxNorm, "860975", "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet"},
     "1 tablet with meals", 2},
    {{kSnomed, kHyperlipidemia, "Hyperlipidemia (disorder)"}, 35, 120, 220, 0, false,
     {kRxNorm, "312961", "Simvastatin 20 MG Oral Tablet"}, "1 tablet at bedtime", 1},
    {{kSnomed, kAnemia, "Anemia (disorder)"}, 12, 120, 70, 0, false,
     {kRxNorm, "310325", "ferrous sulfate 325 MG Oral Tablet"}, "1 tablet before breakfast", 1},
    {{kSnomed, "195967001", "Asthma (disorder)"}, 4, 120, 80, 0, false,
     {kRxNorm, "895994",
      "120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler"},
     "2 puffs, rinse the mouth afterwards", 2},
    {{kSnomed, kObesity, "Body mass index 30+ - obesity (finding)"}, 18, 120, 240, 0, false,
     kNone, "", 0},
    {{kSnomed, "15777000", "Prediabetes (finding)"}, 30, 120, 180, 0, false, kNone, "", 0},
    {{kSnomed, "396275006", "Osteoarthritis (disorder)"}, 45, 120, 160, 0, false,
     {kRxNorm, "849574", "Naproxen sodium 220 MG Oral Tablet"}, "1 tablet with food", 2},
    {{kSnomed, "53741008", "Coronary arteriosclerosis (disorder)"}, 50, 120, 110, 0, false,
     {kRxNorm, "309362", "Clopidogrel 75 MG Oral Tablet"}, "1 tablet in the morning", 1},
    {{kSnomed, "64859006", "Osteoporosis (disorder)"}, 60, 120, 130, 0, false, kNone, "", 0},
    {{kSnomed, "367498001", "Seasonal allergic rhinitis (disorder)"}, 5, 120, 120, 0, false,
     kNone, "", 0},
};

constexpr Illness kAcute[] = {
    {{kSnomed, "444814009", "Viral sinusitis (disorder)"}, 0, 120, 30, 21, false, kNone, "", 0},
    {{kSnomed, "195662009", "Acute viral pharyngitis (disorder)"}, 0, 120, 22, 14, false,
     kNone, "", 0},
    {{kSnomed, "10509002", "Acute bronchitis (disorder)"}, 0, 120, 18, 14, false, kAcetaminophen,
     "1 tablet every 6 hours while there is fever", 4},
    {{kSnomed, "65363002", "Otitis media (disorder)"}, 0, 12, 30, 14, false, kAmoxicillin,
     "1 capsule every 8 hours for 10 days", 3},
    {{kSnomed, "43878008", "Streptococcal sore throat (disorder)"}, 3, 40, 10, 12, false,
     kPenicillin, "1 tablet every 6 hours for 10 days", 4},
    {{kSnomed, "44465007", "Sprain of ankle (disorder)"}, 8, 75, 9, 28, true, kIbuprofen,
     "1 tablet every 8 hours with food", 3},
    {{kSnomed, "62106007", "Concussion with no loss of consciousness (disorder)"}, 2, 90, 3, 60,
     true, kAcetaminophen, "1 tablet every 6 hours as needed", 4},
    {{kSnomed, "233604007", "Pneumonia (disorder)"}, 1, 120, 4, 42, true, kAmoxicillin,
     "1 capsule every 8 hours for 7 days", 3},
    {{kSnomed, "25064002", "Headache (finding)"}, 10, 120, 8, 7, false, kIbuprofen,
     "1 tablet, at most every 6 hours", 4},
    {{kSnomed, "68962001", "Muscle pain (finding)"}, 15, 120, 8, 21, false, kNone, "", 0},
};

constexpr Unit kMgPerDl{"mg/dL", "mg/dL"};

constexpr LabTest kLabTests[] = {
    {{kLoinc, "718-7", "Hemoglobin [Mass/volume] in Blood"}, {"g/dL", "g/dL"}, 1, 120, 175, 142, 20,
     kAnemia, 104, 1, false},
    {{kLoinc, "6690-2", "Leukocytes [#/volume] in Blood by Automated count"},
     {"10*3/uL", "10*3/uL"}, 1, 45, 110, 72, 42, "", 0, 1, false},
    {{kLoinc, "777-3", "Platelets [#/volume] in Blood by Automated count"},
     {"10*3/uL", "10*3/uL"}, 0, 150, 450, 270, 140, "", 0, 1, false},
    {{kLoinc, "2339-0", "Glucose [Mass/volume] in Blood"}, kMgPerDl, 0, 70, 100, 86, 18, kDiabetes,
     158, 18, false},
    {{kLoinc, "38483-4", "Creatinine [Mass/volume] in Blood"}, kMgPerDl, 2, 60, 130, 95, 40, "", 0,
     18, false},
    {{kLoinc, "2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"}, kMgPerDl, 0, 0, 200, 178,
     38, kHyperlipidemia, 242, 35, false},
    {{kLoinc, "18262-6", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay"},
     kMgPerDl, 0, 0, 130, 104, 32, kHyperlipidemia, 158, 35, false},
    {{kLoinc, "2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma"}, kMgPerDl, 0, 40, 90,
     58, 20, "", 0, 35, false},
    {{kLoinc, "4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"}, {"%", "%"}, 1, 0, 57, 54, 3,
     kDiabetes, 76, 18, true},
};

constexpr Coding kHepatitisB{kCvx, "08", "Hep B, adolescent or pediatric"};
constexpr Coding kRotavirus{kCvx, "119", "rotavirus, monovalent"};
constexpr Coding kHib{kCvx, "49", "Hib (PRP-OMP)"};
constexpr Coding kPneumococcal{kCvx, "133", "Pneumococcal conjugate PCV 13"};
constexpr Coding kDtap{kCvx, "20", "DTaP"};
constexpr Coding kPolio{kCvx, "10", "IPV"};
constexpr Coding kMmr{kCvx, "03", "MMR"};
constexpr Coding kVaricella{kCvx, "21", "varicella"};
constexpr Coding kHepatitisA{kCvx, "83", "Hep A, ped/adol, 2 dose"};
constexpr Coding kHpv{kCvx, "62", "HPV, quadrivalent"};
constexpr Coding kMeningococcal{kCvx, "114", "meningococcal MCV4P"};
constexpr Coding kTdap{kCvx, "115", "Tdap"};
constexpr Coding kTd{kCvx, "113", "Td (adult) preservative free"};
constexpr Coding kZoster{kCvx, "121", "zoster"};
constexpr Coding kPneumococcal23{kCvx, "33", "pneumococcal polysaccharide vaccine, 23 valent"};

constexpr Dose kPlan[] = {
    {0, kHepatitisB},      {1, kHepatitisB},     {2, kRotavirus},       {2, kHib},
    {2, kPneumococcal},    {2, kDtap},           {2, kPolio},           {4, kRotavirus},
    {4, kHib},             {4, kPneumococcal},   {4, kDtap},            {4, kPolio},
    {6, kHepatitisB},      {6, kPneumococcal},   {6, kDtap},            {12, kMmr},
    {12, kVaricella},      {12, kHepatitisA},    {15, kHib},            {15, kDtap},
    {18, kHepatitisA},     {48, kMmr},           {48, kVaricella},      {48, kDtap},
    {48, kPolio},          {132, kHpv},          {132, kTdap},          {132, kMeningococcal},
    {138, kHpv},           {192, kMeningococcal}, {252, kTd},           {372, kTd},
    {492, kTd},            {600, kZoster},       {612, kTd},            {732, kTd},
    {780, kPneumococcal23}, {852, kTd},          {972, kTd},
};

}  // namespace

std::span<const Illness> chronic_illnesses() { return kChronic; }
std::span<const Illness> acute_illnesses() { return kAcute; }
std::span<const LabTest> lab_tests() { return kLabTests; }
std::span<const Dose> vaccination_plan() { return kPlan; }

}  // namespace kiln::app::sample
