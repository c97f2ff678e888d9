// The integer types of AssemblyScript, for the constant files of core/abi that the host reads as well.
declare type u32 = number;
declare type i32 = number;
