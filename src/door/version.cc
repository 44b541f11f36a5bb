#include <kiln.h>

const char* kiln_version(void) { return KILN_VERSION " (" KILN_COMMIT ")"; }

uint32_t kiln_abi_version(void) { return KILN_ABI_VERSION; }
