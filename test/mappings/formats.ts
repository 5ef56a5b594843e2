/** A few made-up rows of a format that is built in, and what the first of them becomes. */
export interface Format {
  rows: string;
  /** Named with the rows, where several systems share the format. */
  source?: string;
  /** The lookup that the format needs, with the places that the rows name. */
  lookup?: { name: string; places: Record<string, [number, number]> };
  trips: number;
  rejected?: number;
  first: { startedAt: string; origin: [number, number]; destination?: [number, number] };
}

const STATIONS: Record<string, [number, number]> = { "280": [25.1, 60.2], "278": [25.11, 60.21], "094": [24.8, 60.18] };
const lookup = (name: string) => ({ name, places: STATIONS });
const at = (startedAt: string, origin: [number, number], destination?: [number, number]) => ({
  startedAt,
  origin,
  ...(destination ? { destination } : {}),
});

const lyftRow = (id: string, end: string) =>
  `${id},classic_bike,2024-06-01 00:00:05.123,2024-06-01 00:15:45.456,A St,1.1,B St,2.2,40.7,-74.0,${end},member`;
const oldRow = "308,2015-03-01 08:00:00,2015-03-01 08:05:08,3,A,40.7,-74.0,4,B,40.8,-73.9,27770,Subscriber,1986,1";
const oldEnds = "3,A,40.7,-74.0,4,B,40.8,-73.9,27770,Subscriber,1986,1";

export const FORMATS: Readonly<Record<string, Format>> = {
  native: {
    rows: "trip_id,source,started_at,origin_lon,origin_lat\na,s,2025-03-03T08:15,7.67,45.07\n",
    trips: 1,
    first: at("2025-03-03T08:15:00", [7.67, 45.07]),
  },
  geojson: {
    rows: JSON.stringify({
      type: "FeatureCollection",
      features: [
        {
          type: "Feature",
          properties: { trip_id: "a", source: "s", started_at: "2025-03-03 08:00" },
          geometry: {
            type: "LineString",
            coordinates: [
              [7.6, 45],
              [7.65, 45.1],
              [7.7, 45.2],
            ],
          },
        },
        {
          type: "Feature",
          properties: { trip_id: "b", source: "s", started_at: "2025-03-03 09:00" },
          geometry: { type: "Point", coordinates: [7.6, 45] },
        },
        { type: "Feature", properties: { trip_id: "c", source: "s", started_at: "2025-03-03 09:00" }, geometry: null },
      ],
    }),
    trips: 2,
    rejected: 1,
    first: at("2025-03-03T08:00:00", [7.6, 45], [7.7, 45.2]),
  },
  "trips-csv": {
    rows: "region,origin_coord,destination_coord,datetime,datasource\nTurin,POINT (7.6 45),POINT (7.7 45.1),2018-05-28 09:03:40,s\n",
    trips: 1,
    first: at("2018-05-28T09:03:40", [7.6, 45], [7.7, 45.1]),
  },
  xrides: {
    rows: "booking_id,user_id,from_date,from_lat,from_long,to_lat,to_long\n1,2,1/31/2013 22:33,12.92,77.6,,\n",
    trips: 1,
    first: at("2013-01-31T22:33:00", [77.6, 12.92]),
  },
  lyft: {
    rows: `ride_id,rideable_type,started_at,ended_at,start_station_name,start_station_id,end_station_name,end_station_id,start_lat,start_lng,end_lat,end_lng,member_casual\n${lyftRow("A", "40.8,-73.9")}\n${lyftRow("B", ",")}\n${lyftRow("C", "0.0,0.0")}\n`,
    source: "divvy",
    trips: 3,
    first: at("2024-06-01T00:00:05.123", [-74, 40.7], [-73.9, 40.8]),
  },
  "lyft-2013": {
    rows: `"tripduration","starttime","stoptime","start station id","start station name","start station latitude","start station longitude","end station id","end station name","end station latitude","end station longitude","bikeid","usertype","birth year","gender"\n${oldRow}\n408,3/1/2015 8:15,3/1/2015 8:22,${oldEnds}\n`,
    source: "citi-bike",
    trips: 2,
    first: at("2015-03-01T08:00:00", [-74, 40.7], [-73.9, 40.8]),
  },
  "lyft-2016": {
    rows: `Trip Duration,Start Time,Stop Time,Start Station ID,Start Station Name,Start Station Latitude,Start Station Longitude,End Station ID,End Station Name,End Station Latitude,End Station Longitude,Bike ID,User Type,Birth Year,Gender\n${oldRow}\n`,
    source: "citi-bike",
    trips: 1,
    first: at("2015-03-01T08:00:00", [-74, 40.7], [-73.9, 40.8]),
  },
  "lyft-warehouse": {
    rows: `tripduration,starttime,stoptime,start_station_id,start_station_name,start_station_latitude,start_station_longitude,end_station_id,end_station_name,end_station_latitude,end_station_longitude,bikeid,usertype,birth_year,gender\n408,2018-03-03 09:00:00.5 UTC,2018-03-03 09:06:48.5 UTC,${oldEnds}\n`,
    source: "citi-bike",
    trips: 1,
    first: at("2018-03-03T09:00:00.5+00:00", [-74, 40.7], [-73.9, 40.8]),
  },
  "divvy-2013": {
    rows: "trip_id,starttime,stoptime,bikeid,tripduration,from_station_id,from_station_name,to_station_id,to_station_name,usertype,gender,birthyear\n1,2014-01-01 00:04:37,2014-01-01 00:11:07,2167,390,280,A,278,B,Subscriber,Male,1989\n2,3/31/2016 23:53,4/1/2016 0:07,155,841,280,A,278,B,Subscriber,Male,1986\n",
    lookup: lookup("divvy-stations"),
    trips: 2,
    first: at("2014-01-01T00:04:37", [25.1, 60.2], [25.11, 60.21]),
  },
  "divvy-2018": {
    rows: '01 - Rental Details Rental ID,01 - Rental Details Local Start Time,01 - Rental Details Local End Time,01 - Rental Details Bike ID,01 - Rental Details Duration In Seconds Uncapped,03 - Rental Start Station ID,03 - Rental Start Station Name,02 - Rental End Station ID,02 - Rental End Station Name,User Type,Member Gender,05 - Member Details Member Birthday Year\n1,2018-01-01 00:12:00,2018-01-01 01:00:00,3304,"2,880.0",280,A,278,B,Subscriber,Male,1992.0\n',
    lookup: lookup("divvy-stations"),
    trips: 1,
    first: at("2018-01-01T00:12:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "divvy-2017": {
    rows: 'trip_id,start_time,end_time,bikeid,tripduration,from_station_id,from_station_name,to_station_id,to_station_name,usertype,gender,birthyear\n1,2019-01-01 00:04:37,2019-01-01 00:33:37,2167,"1,740.0",280,A,278,B,Subscriber,Male,1989\n',
    lookup: lookup("divvy-stations"),
    trips: 1,
    first: at("2019-01-01T00:04:37", [25.1, 60.2], [25.11, 60.21]),
  },
  "capital-bikeshare": {
    rows: 'Duration,Start date,End date,Start station number,Start station,End station number,End station,Bike number,Member type\n"1012","2010-09-20 11:27:04","2010-09-20 11:43:56","280","A","278","B","W00742","Member"\n',
    lookup: lookup("capital-bikeshare-stations"),
    trips: 1,
    first: at("2010-09-20T11:27:04", [25.1, 60.2], [25.11, 60.21]),
  },
  bixi: {
    rows: "STARTSTATIONNAME,STARTSTATIONARRONDISSEMENT,STARTSTATIONLATITUDE,STARTSTATIONLONGITUDE,ENDSTATIONNAME,ENDSTATIONARRONDISSEMENT,ENDSTATIONLATITUDE,ENDSTATIONLONGITUDE,STARTTIMEMS,ENDTIMEMS\nA,Ville-Marie,45.5,-73.56,B,Rosemont,45.53,-73.58,1651363200000,1651363800000\n",
    trips: 1,
    first: at("2022-05-01T00:00:00+00:00", [-73.56, 45.5], [-73.58, 45.53]),
  },
  "lyft-2017": {
    rows: "duration_sec,start_time,end_time,start_station_id,start_station_name,start_station_latitude,start_station_longitude,end_station_id,end_station_name,end_station_latitude,end_station_longitude,bike_id,user_type,member_birth_year,member_gender\n600,2018-01-31 22:52:35.2390,2018-01-31 23:02:35.2390,120,A,37.7,-122.4,285,B,37.8,-122.5,2765,Subscriber,1986,Male\n",
    source: "bay-wheels",
    trips: 1,
    first: at("2018-01-31T22:52:35.239", [-122.4, 37.7], [-122.5, 37.8]),
  },
  "hubway-2011": {
    rows: '"Duration","Start date","End date","Start station number","Start station name","End station number","End station name","Bike number","Member type","Zip code","Gender"\n"220000","7/28/2011 10:12","7/28/2011 10:16","280","A","278","B","B00468","Registered","97217","Male"\n',
    lookup: lookup("hubway-stations"),
    trips: 1,
    first: at("2011-07-28T10:12:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "bay-area-2013": {
    rows: "Trip ID,Duration,Start Date,Start Station,Start Terminal,End Date,End Station,End Terminal,Bike #,Subscription Type,Zip Code\n4576,63,8/29/2013 14:13,A,280,8/29/2013 14:14,B,278,520,Subscriber,94127\n",
    lookup: lookup("bay-area-stations"),
    trips: 1,
    first: at("2013-08-29T14:13:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "bixi-2021": {
    rows: "start_date;emplacement_pk_start;end_date;emplacement_pk_end;is_member\n2021-09-20 06:31:28;280;2021-09-20 07:02:22;278;1\n",
    lookup: lookup("bixi-stations"),
    trips: 1,
    first: at("2021-09-20T06:31:28", [25.1, 60.2], [25.11, 60.21]),
  },
  "oslo-2016": {
    rows: "Start station,Start time,End station,End time\n280,2016-04-01 06:00:16 +0200,278,2016-04-01 06:10:00 +0200\n",
    lookup: lookup("oslo-stations"),
    trips: 1,
    first: at("2016-04-01T04:00:16+00:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "tfl-2016": {
    rows: '"Rental Id","Duration","Bike Id","End Date","EndStation Logical Terminal","EndStation Name","endStationPriority_id","Start Date","StartStation Logical Terminal","StartStation Name"\n"1","420","9","23/05/2016 00:07","278","B","0","23/05/2016 00:00","280","A"\n',
    lookup: lookup("tfl-terminals"),
    trips: 1,
    first: at("2016-05-23T00:00:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "tfl-2021": {
    rows: "Rental Id,Duration_Seconds,Bike Id,End Date,End Station Id,End Station Name,Start Date,Start Station Id,Start Station Name\n1,480,9,04/01/2022 00:08,278,B,04/01/2022 00:00,280,A\n",
    lookup: lookup("tfl-stations"),
    trips: 1,
    first: at("2022-01-04T00:00:00", [25.1, 60.2], [25.11, 60.21]),
  },
  ...Object.fromEntries(
    [
      ["ecobici", "Ciclo_Estacion_Arribo,Fecha_Arribo"],
      ["ecobici-2020", "Ciclo_EstacionArribo,Fecha_Arribo"],
      ["ecobici-2022", "Ciclo_EstacionArribo,Fecha Arribo"],
    ].map(([name, end]) => [
      name,
      {
        rows: `Genero_Usuario,Edad_Usuario,Bici,Ciclo_Estacion_Retiro,Fecha_Retiro,Hora_Retiro,${end},Hora_Arribo\nM,27,8106,280,01/03/2019,0:00:43,278,01/03/2019,0:06:59\n`,
        lookup: lookup("ecobici-stations"),
        trips: 1,
        first: at("2019-03-01T00:00:43", [25.1, 60.2], [25.11, 60.21]),
      },
    ]),
  ),
  "bixi-2014": {
    rows: "start_date,start_station_code,end_date,end_station_code,duration_sec,is_member\n2019-04-14 07:55:22,280,2019-04-14 08:07:16,278,713,1\n",
    lookup: lookup("bixi-stations"),
    trips: 1,
    first: at("2019-04-14T07:55:22", [25.1, 60.2], [25.11, 60.21]),
  },
  oslo: {
    rows: "started_at,ended_at,duration,start_station_id,start_station_name,start_station_description,start_station_latitude,start_station_longitude,end_station_id,end_station_name,end_station_description,end_station_latitude,end_station_longitude\n2022-05-01 22:30:31.181000+00:00,2022-05-01 22:39:50.019000+00:00,438,1,A,ved,59.91,10.7,2,B,ved,59.92,10.8\n",
    source: "oslo",
    trips: 1,
    first: at("2022-05-01T22:30:31.181+00:00", [10.7, 59.91], [10.8, 59.92]),
  },
  helsinki: {
    rows: "Departure,Return,Departure station id,Departure station name,Return station id,Return station name,Covered distance (m),Duration (sec.)\n2021-06-30T23:59:02,2021-07-01T00:04:05,280,A,278,B,855,302\n2021-05-31T23:57:25,2021-06-01T00:05:46,094,C,999,D,2043,500\n",
    lookup: lookup("helsinki-stations"),
    trips: 1,
    rejected: 1,
    first: at("2021-06-30T23:59:02", [25.1, 60.2], [25.11, 60.21]),
  },
  tfl: {
    rows: "Rental Id,Duration,Bike Id,End Date,EndStation Id,EndStation Name,Start Date,StartStation Id,StartStation Name\n50754225,240,11834,10/01/2016 00:04,278,B,10/01/2016 00:00,280,A\n",
    lookup: lookup("tfl-stations"),
    trips: 1,
    first: at("2016-01-10T00:00:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "tfl-2022": {
    rows: '"Number","Start date","Start station number","Start station","End date","End station number","End station","Bike number","Bike model","Total duration","Total duration (ms)"\n"125","2022-09-12 00:00","280","A","2022-09-12 00:13","278","B","58","CLASSIC","13m 5s","785000"\n',
    lookup: lookup("tfl-terminals"),
    trips: 1,
    first: at("2022-09-12T00:00:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "nyc-yellow-2009": {
    rows: "vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,Trip_Distance,Start_Lon,Start_Lat,Rate_Code,store_and_forward,End_Lon,End_Lat,Payment_Type,Fare_Amt\nVTS,2009-01-04 02:52:00,2009-01-04 03:02:00,1,2.63,-73.99,40.72,,,-73.98,40.7,CASH,8.9\n",
    trips: 1,
    first: at("2009-01-04T02:52:00", [-73.99, 40.72], [-73.98, 40.7]),
  },
  "nyc-yellow-2010": {
    rows: "vendor_id, pickup_datetime, dropoff_datetime, passenger_count, trip_distance, pickup_longitude, pickup_latitude, rate_code, store_and_fwd_flag, dropoff_longitude, dropoff_latitude, payment_type\n\nCMT,2014-01-09 20:45:25,2014-01-09 20:52:31,1,0.7,-73.99,40.72,1,N,-73.98,40.7,CRD\n",
    trips: 1,
    first: at("2014-01-09T20:45:25", [-73.99, 40.72], [-73.98, 40.7]),
  },
  "nyc-yellow-2015": {
    rows: "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,pickup_longitude,pickup_latitude,RateCodeID,store_and_fwd_flag,dropoff_longitude,dropoff_latitude,payment_type\n2,2015-01-15 19:05:39,2015-01-15 19:23:42,1,1.59,-73.99,40.72,1,N,0,0,1\n",
    trips: 1,
    first: at("2015-01-15T19:05:39", [-73.99, 40.72]),
  },
  "nyc-yellow": {
    rows: "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,PULocationID,DOLocationID,payment_type\n1,2023-01-01 00:32:10,2023-01-01 00:40:36,1.0,0.97,1.0,N,280,278,2\n1,2023-01-01 00:32:10,2023-01-01 00:40:36,1.0,0.97,1.0,N,280,265,2\n",
    lookup: lookup("nyc-taxi-zones"),
    trips: 2,
    first: at("2023-01-01T00:32:10", [25.1, 60.2], [25.11, 60.21]),
  },
  "nyc-green-2013": {
    rows: "VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,RateCodeID,Pickup_longitude,Pickup_latitude,Dropoff_longitude,Dropoff_latitude,Passenger_count,Trip_distance,Total_amount,Payment_type,Trip_type \n2,2015-04-01 00:00:00,2015-04-01 00:08:15,N,1,-73.95,40.71,-73.98,40.7,1,1.88,9.8,2,1,,\n",
    trips: 1,
    first: at("2015-04-01T00:00:00", [-73.95, 40.71], [-73.98, 40.7]),
  },
  "nyc-green": {
    rows: "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,store_and_fwd_flag,RatecodeID,PULocationID,DOLocationID,passenger_count,trip_distance\n2,2023-01-01 00:26:10,2023-01-01 00:37:11,N,1.0,280,278,1.0,2.58\n",
    lookup: lookup("nyc-taxi-zones"),
    trips: 1,
    first: at("2023-01-01T00:26:10", [25.1, 60.2], [25.11, 60.21]),
  },
  "nyc-fhv": {
    rows: "dispatching_base_num,pickup_datetime,dropOff_datetime,PUlocationID,DOlocationID,SR_Flag,Affiliated_base_number\nB00008,2023-01-01 00:30:00,2023-01-01 01:00:00,280,278,,B00008\nB00008,2023-01-01 00:30:00,2023-01-01 01:00:00,,278,,B00008\n",
    lookup: lookup("nyc-taxi-zones"),
    trips: 1,
    rejected: 1,
    first: at("2023-01-01T00:30:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "nyc-fhvhv": {
    rows: "hvfhs_license_num,dispatching_base_num,originating_base_num,request_datetime,on_scene_datetime,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,trip_miles,trip_time\nHV0003,B03404,B03404,2023-01-01 00:18:06,2023-01-01 00:19:24,2023-01-01 00:19:38,2023-01-01 00:48:07,280,278,0.94,1709\n",
    lookup: lookup("nyc-taxi-zones"),
    trips: 1,
    first: at("2023-01-01T00:19:38", [25.1, 60.2], [25.11, 60.21]),
  },
  "chicago-taxi": {
    rows: 'Trip ID,Taxi ID,Trip Start Timestamp,Trip End Timestamp,Trip Seconds,Trip Miles,Pickup Centroid Latitude,Pickup Centroid Longitude,Dropoff Centroid Latitude,Dropoff Centroid Longitude,Company\na,t,01/02/2019 05:15:00 PM,01/02/2019 05:30:00 PM,"1,200",2.1,41.9,-87.63,41.92,-87.65,Flash Cab\nb,t,01/02/2019 12:15:00 AM,01/02/2019 12:30:00 AM,900,2.1,41.9,-87.63,,,\nc,t,01/02/2019 12:15:00 AM,01/02/2019 12:30:00 AM,900,2.1,,,,,\n',
    trips: 2,
    rejected: 1,
    first: at("2019-01-02T17:15:00", [-87.63, 41.9], [-87.65, 41.92]),
  },
  "chicago-tnp": {
    rows: "Trip ID,Trip Start Timestamp,Trip End Timestamp,Trip Seconds,Trip Miles,Pickup Centroid Latitude,Pickup Centroid Longitude,Dropoff Centroid Latitude,Dropoff Centroid Longitude,Shared Trip Authorized\na,11/06/2018 07:00:00 PM,11/06/2018 07:15:00 PM,1142,3.4,41.94,-87.65,41.92,-87.64,false\n",
    trips: 1,
    first: at("2018-11-06T19:00:00", [-87.65, 41.94], [-87.64, 41.92]),
  },
  "nyc-fhv-2015": {
    rows: "Dispatching_base_num,Pickup_date,locationID\nB00013,2015-07-01 00:30:00,280\n",
    lookup: lookup("nyc-taxi-zones"),
    trips: 1,
    first: at("2015-07-01T00:30:00", [25.1, 60.2]),
  },
  "nyc-fhv-2017": {
    rows: '"Pickup_DateTime","DropOff_datetime","PUlocationID","DOlocationID","SR_Flag","Dispatching_base_number","Dispatching_base_num"\n"2018-01-01 00:00:00","2018-01-01 00:16:00","280","278","","B00001","B00001"\n',
    lookup: lookup("nyc-taxi-zones"),
    trips: 1,
    first: at("2018-01-01T00:00:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "nyc-fhv-2019": {
    rows: "dispatching_base_num,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,SR_Flag\nB00001,2019-01-01 00:30:00,2019-01-01 02:51:55,280,278,\n",
    lookup: lookup("nyc-taxi-zones"),
    trips: 1,
    first: at("2019-01-01T00:30:00", [25.1, 60.2], [25.11, 60.21]),
  },
  "uber-2015": {
    rows: "Dispatching_base_num,Pickup_date,Affiliated_base_num,locationID\nB02617,2015-05-17 09:47:00,B02617,280\n",
    lookup: lookup("nyc-taxi-zones"),
    trips: 1,
    first: at("2015-05-17T09:47:00", [25.1, 60.2]),
  },
  "chicago-taxi-web": {
    rows: '[{"trip_id":"a","taxi_id":"t","trip_start_timestamp":"2020-01-01T00:00:00.000","trip_end_timestamp":"2020-01-01T00:15:00.000","trip_seconds":"720","trip_miles":"2.8","company":"Flash Cab","pickup_centroid_latitude":"41.94","pickup_centroid_longitude":"-87.65","pickup_centroid_location":{"type":"Point","coordinates":[-87.65,41.94]}}]',
    trips: 1,
    first: at("2020-01-01T00:00:00", [-87.65, 41.94]),
  },
  "chicago-tnp-web": {
    rows: '[{"trip_id":"a","trip_start_timestamp":"2023-01-01T00:00:00.000","trip_seconds":"720","trip_miles":"2.8","shared_trip_authorized":false,"pickup_centroid_latitude":"41.94","pickup_centroid_longitude":"-87.65","dropoff_centroid_latitude":"41.92","dropoff_centroid_longitude":"-87.64"}]',
    trips: 1,
    first: at("2023-01-01T00:00:00", [-87.65, 41.94], [-87.64, 41.92]),
  },
  "uber-2014": {
    rows: '"Date/Time","Lat","Lon","Base"\n"4/1/2014 0:11:00",40.769,-73.9549,"B02512"\n',
    trips: 1,
    first: at("2014-04-01T00:11:00", [-73.9549, 40.769]),
  },
  porto: {
    rows: '"TRIP_ID","CALL_TYPE","ORIGIN_CALL","ORIGIN_STAND","TAXI_ID","TIMESTAMP","DAY_TYPE","MISSING_DATA","POLYLINE"\n"1","C","","","20","1372636858","A","False","[[-8.6,41.1],[-8.61,41.12],[-8.63,41.15]]"\n"2","B","","7","20","1372637303","A","False","[]"\n',
    trips: 1,
    rejected: 1,
    first: at("2013-07-01T00:00:58+00:00", [-8.6, 41.1], [-8.63, 41.15]),
  },
  "mds-1": {
    rows: JSON.stringify({
      version: "1.0.0",
      data: {
        trips: [
          {
            ...{ provider_name: "Scoot", provider_id: "p", device_id: "d", vehicle_type: "scooter", trip_id: "t" },
            ...{ trip_duration: 600, trip_distance: 1500, start_time: 1571667600000, end_time: 1571668200000 },
            route: {
              type: "FeatureCollection",
              features: [
                [-118.48, 34.02, 2],
                [-118.49, 34.01, 1],
              ].map(([lon, lat, timestamp]) => ({
                ...{ type: "Feature", properties: { timestamp } },
                geometry: { type: "Point", coordinates: [lon, lat] },
              })),
            },
          },
        ],
      },
      links: { next: null },
    }),
    trips: 1,
    first: at("2019-10-21T14:20:00+00:00", [-118.49, 34.01], [-118.48, 34.02]),
  },
  "mds-2": {
    rows: JSON.stringify([
      {
        ...{ provider_id: "p", device_id: "d", trip_id: "t", start_time: 1571667600000, end_time: 1571668200000 },
        ...{
          start_location: { lat: 34.01, lng: -118.49 },
          end_location: { lat: 34.02, lng: -118.48 },
          duration: 600,
          distance: 1500,
        },
      },
    ]),
    trips: 1,
    first: at("2019-10-21T14:20:00+00:00", [-118.49, 34.01], [-118.48, 34.02]),
  },
};
