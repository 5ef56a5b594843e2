/** The package has no types of its own. */
declare module "open-location-code" {
  interface Area {
    latitudeCenter: number;
    longitudeCenter: number;
  }
  class OpenLocationCode {
    isFull(code: string): boolean;
    decode(code: string): Area;
  }
  const codes: { OpenLocationCode: typeof OpenLocationCode };
  export default codes;
}
